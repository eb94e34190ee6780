(() => {
  "use strict";
  const root = document.documentElement;
  const darkSystem = matchMedia("(prefers-color-scheme: dark)");

  // Storage can be forbidden, for example for files.
  const remembered = () => {
    try { return localStorage.getItem("theme"); } catch { return null; }
  };
  const remember = (theme) => {
    try {
      if (theme) localStorage.setItem("theme", theme);
      else localStorage.removeItem("theme");
    } catch { /* It holds until the page is left. */ }
  };
  const setTheme = (theme) => {
    if (theme === "dark" || theme === "light") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : darkSystem.matches;

  // Before anything is painted.
  setTheme(remembered());
  root.classList.add("js");

  const later = (wait, action) => {
    let timer;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(action, wait);
    };
  };
  const words = (text) => text ? text.split(" ") : [];
  const byId = (id) => document.getElementById(id);

  function startTheme() {
    const button = byId("theme");
    const show = () => button.setAttribute("aria-pressed", String(isDark()));
    button.addEventListener("click", () => {
      const dark = !isDark();
      const theme = dark === darkSystem.matches ? null : dark ? "dark" : "light";
      setTheme(theme);
      remember(theme);
      show();
    });
    darkSystem.addEventListener("change", show);
    show();
  }

  function startSearch() {
    const search = byId("search");
    const selects = { category: byId("category"), platform: byId("platform") };
    const states = [...document.querySelectorAll("input[name=state]")];
    const shown = byId("shown");
    const images = [...document.querySelectorAll("article.image")].map((element) => ({
      element,
      find: element.dataset.find,
      category: [element.dataset.category],
      state: words(element.dataset.states),
      platform: words(element.dataset.platforms),
      visible: true,
    }));
    const state = () => states.find((radio) => radio.checked)?.value ?? "";
    const terms = () => search.value.toLowerCase().split(/\s+/).filter(Boolean).slice(0, 20);
    const number = (count) => count.toLocaleString("en");

    // What a search finds only in a folded list is unfolded, unless it finds many images.
    const unfold = (wanted) => {
      const few = images.filter((image) => image.visible);
      if (!wanted.length || few.length > 20) return;
      for (const { element } of few) {
        const seen = [...element.querySelectorAll("code, .about p")].filter((text) => !text.closest("details:not([open])"));
        const unseen = wanted.filter((term) => !seen.some((text) => text.textContent.toLowerCase().includes(term)));
        for (const folded of element.querySelectorAll("details:not([open])")) {
          folded.open = unseen.some((term) => folded.textContent.toLowerCase().includes(term));
        }
      }
    };
    const settle = later(150, () => {
      const count = images.reduce((sum, image) => sum + image.visible, 0);
      const all = `${number(images.length)} image${images.length === 1 ? "" : "s"}`;
      shown.textContent = count === images.length ? `All ${all} shown` : `${number(count)} of ${all} shown`;
      unfold(terms());
      write();
    });
    const update = () => {
      const wanted = terms();
      const filters = { category: selects.category.value, platform: selects.platform.value, state: state() };
      const chosen = Object.entries(filters).filter(([, value]) => value);
      let any = false;
      for (const image of images) {
        const visible = chosen.every(([key, value]) => image[key].includes(value))
          && wanted.every((term) => image.find.includes(term));
        any ||= visible;
        if (visible === image.visible) continue;
        image.visible = visible;
        image.element.hidden = !visible;
      }
      byId("nothing").hidden = any || !images.length;
      settle();
    };

    // The address holds the search, so that it can be linked. What it holds is only ever compared, or text in the field.
    const read = () => {
      const given = new URLSearchParams(location.hash.slice(1));
      search.value = (given.get("q") ?? "").slice(0, 300);
      for (const [name, select] of Object.entries(selects)) {
        const value = given.get(name) ?? "";
        select.value = [...select.options].some((option) => option.value === value) ? value : "";
      }
      const radio = states.find((radio) => radio.value === (given.get("state") ?? ""));
      (radio ?? states[0]).checked = true;
      update();
    };
    const write = () => {
      const held = new URLSearchParams();
      if (search.value.trim()) held.set("q", search.value.trim());
      for (const [name, select] of Object.entries(selects)) if (select.value) held.set(name, select.value);
      if (state()) held.set("state", state());
      const hash = String(held);
      const isSearch = location.hash.includes("=");
      if (hash === location.hash.slice(1) || (!hash && !isSearch)) return;
      try {
        history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
      } catch { /* Browsers refuse too many changes; the next one succeeds. */ }
    };
    const showAll = () => {
      search.value = "";
      for (const select of Object.values(selects)) select.value = "";
      states[0].checked = true;
      update();
    };
    // A link to an image leads to it, whatever is searched.
    const follow = () => {
      const linked = byId(location.hash.slice(1));
      if (!linked?.hidden) return;
      showAll();
      linked.scrollIntoView();
    };

    search.addEventListener("input", update);
    for (const control of [...Object.values(selects), ...states]) control.addEventListener("change", update);
    byId("clear").addEventListener("click", () => {
      showAll();
      search.focus();
    });
    addEventListener("hashchange", () => {
      if (location.hash.includes("=") || !location.hash) read();
      else follow();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && event.target === search && search.value) {
        event.preventDefault();
        search.value = "";
        update();
      }
      const typing = event.target.matches?.("input:not([type=radio]), select, textarea, [contenteditable]");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      search.focus();
      search.select();
    });
    if (location.hash.includes("=")) read();
    else update();
  }

  function startCopying() {
    const said = byId("said");
    const silence = later(6000, () => said.replaceChildren());
    // An empty region first, so that the same words are announced again.
    const say = (text, quoted, then) => {
      said.replaceChildren();
      const code = document.createElement("code");
      code.textContent = quoted;
      setTimeout(() => {
        said.append(text, code);
        then?.(code);
      }, 50);
    };
    // Where there is no clipboard to write to, as on pages without TLS.
    const copySelected = (text) => {
      const field = document.createElement("textarea");
      const focused = document.activeElement;
      field.value = text;
      field.readOnly = true;
      field.className = "hidden";
      document.body.append(field);
      field.select();
      let copied = false;
      try { copied = document.execCommand("copy"); } catch { /* It is not allowed. */ }
      field.remove();
      focused?.focus({ preventScroll: true });
      return copied;
    };
    const copy = async (button) => {
      let copied = false;
      try {
        await navigator.clipboard.writeText(button.value);
        copied = true;
      } catch {
        copied = copySelected(button.value);
      }
      if (!copied) {
        say("Not copied: select and copy ", button.value, (code) => getSelection().selectAllChildren(code));
        return;
      }
      say("Copied ", button.value);
      silence();
      button.classList.add("copied");
      setTimeout(() => button.classList.remove("copied"), 2000);
    };
    document.addEventListener("click", (event) => {
      const button = event.target.closest?.("button.copy");
      if (button) copy(button);
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    startTheme();
    startSearch();
    startCopying();
  });
})();
