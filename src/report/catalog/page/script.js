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

  // What is searched for: the field, the lists, the states.
  function readControls() {
    const search = byId("search");
    const lists = { category: byId("category"), platform: byId("platform") };
    const states = [...document.querySelectorAll("input[name=state]")];
    const state = () => states.find((radio) => radio.checked)?.value ?? "";
    const chosen = () => [...Object.entries(lists).map(([name, list]) => [name, list.value]), ["state", state()]]
      .filter(([, value]) => value);
    // Values that do not exist choose all.
    const set = (text, value) => {
      search.value = text.slice(0, 300);
      for (const [name, list] of Object.entries(lists)) {
        const wanted = value(name);
        list.value = [...list.options].some((option) => option.value === wanted) ? wanted : "";
      }
      (states.find((radio) => radio.value === value("state")) ?? states[0]).checked = true;
    };
    return {
      search,
      choices: [...Object.values(lists), ...states],
      chosen,
      terms: () => search.value.toLowerCase().split(/\s+/).filter(Boolean).slice(0, 20),
      showAll: () => set("", () => ""),
      // The address holds the search, so that it can be linked. What it holds is only ever compared, or text in the field.
      fromAddress: () => {
        const given = new URLSearchParams(location.hash.slice(1));
        set(given.get("q") ?? "", (name) => given.get(name) ?? "");
      },
      toAddress: () => {
        const held = new URLSearchParams(search.value.trim() ? { q: search.value.trim() } : {});
        for (const [name, value] of chosen()) held.set(name, value);
        const hash = String(held);
        if (hash === location.hash.slice(1) || (!hash && !isSearch())) return;
        try {
          history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
        } catch { /* Browsers refuse too many changes; the next one succeeds. */ }
      },
    };
  }
  // Other addresses lead to an image.
  const isSearch = () => location.hash.includes("=");

  const readImages = () => [...document.querySelectorAll("article.image")].map((element) => ({
    element,
    find: element.dataset.find,
    category: [element.dataset.category],
    state: words(element.dataset.states),
    platform: words(element.dataset.platforms),
    visible: true,
  }));

  // What a search finds only in a folded list is unfolded.
  function unfold(element, terms) {
    const folded = element.querySelectorAll("details:not([open])");
    if (!folded.length) return;
    const seen = [...element.querySelectorAll("code, .about p")].filter((text) => !text.closest("details:not([open])"));
    const unseen = terms.filter((term) => !seen.some((text) => text.textContent.toLowerCase().includes(term)));
    for (const list of folded) list.open = unseen.some((term) => list.textContent.toLowerCase().includes(term));
  }

  // Hides what does not match; then says how much is shown.
  function startFilter(controls) {
    const shown = byId("shown");
    const images = readImages();
    const settle = later(150, () => {
      const visible = images.filter((image) => image.visible);
      const all = `${images.length.toLocaleString("en")} image${images.length === 1 ? "" : "s"}`;
      shown.textContent = visible.length === images.length
        ? `All ${all} shown`
        : `${visible.length.toLocaleString("en")} of ${all} shown`;
      const terms = controls.terms();
      if (terms.length && visible.length <= 20) for (const { element } of visible) unfold(element, terms);
      controls.toAddress();
    });
    return () => {
      const terms = controls.terms();
      const chosen = controls.chosen();
      let any = false;
      for (const image of images) {
        const visible = chosen.every(([name, value]) => image[name].includes(value))
          && terms.every((term) => image.find.includes(term));
        any ||= visible;
        if (visible === image.visible) continue;
        image.visible = visible;
        image.element.hidden = !visible;
      }
      byId("nothing").hidden = any || !images.length;
      settle();
    };
  }

  function startSearch() {
    const controls = readControls();
    const update = startFilter(controls);
    const showAll = () => {
      controls.showAll();
      update();
    };
    const follow = () => {
      const linked = byId(location.hash.slice(1));
      if (isSearch() || !location.hash) {
        controls.fromAddress();
        update();
      } else if (linked?.hidden) {
        showAll();
        linked.scrollIntoView();
      }
    };
    controls.search.addEventListener("input", update);
    for (const choice of controls.choices) choice.addEventListener("change", update);
    addEventListener("hashchange", follow);
    byId("clear").addEventListener("click", () => {
      showAll();
      controls.search.focus();
    });
    startKeys(controls.search, update);
    if (isSearch()) follow();
    else update();
  }

  // "/" leads to the field, Escape empties it.
  function startKeys(search, update) {
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
  }

  // Where there is no clipboard to write to, as on pages without TLS.
  function copySelected(text) {
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
        said.replaceChildren(text, code);
        then(code);
      }, 50);
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
      say("Copied ", button.value, silence);
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
