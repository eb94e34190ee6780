// What the page does, on the fixtures of tests/it/catalog/fixture.rs.
import assert from "node:assert/strict";
import { join } from "node:path";
import { open } from "./pages.mjs";

const visible = (page) => page.locator("article.image:visible h2").allTextContents();
const status = (page, text) => page.locator("#shown").filter({ hasText: text }).waitFor({ timeout: 5000 });
const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());
const said = (page, text) => page.locator("#said").filter({ hasText: text }).waitFor({ timeout: 5000 });
const named = (page, name) => page.getByRole("button", { name, exact: true });
const search = (page) => page.getByRole("searchbox");

export function fixtureChecks(directory) {
  const ordinary = join(directory, "ordinary.html");
  const hostile = join(directory, "hostile.html");
  return [
    ...reading(ordinary), ...searching(ordinary), ...typing(ordinary), ...filtering(ordinary), ...linking(ordinary), ...copying(ordinary),
    ...looking(ordinary), ...attacked(hostile), ...large(join(directory, "many.html")),
  ];
}

function reading(file) {
  return [["it reads without a script", async (opened) => {
    const page = await opened(file, { javaScriptEnabled: false });
    assert.equal((await visible(page)).length, 8);
    for (const text of ["acme/loki:3.1.0", "acme/loki:3.0.2", "Use acme/openssl-tools:3.3.2 instead."]) {
      assert.ok(await page.getByText(text).first().isVisible(), text);
    }
    assert.equal(await page.getByRole("button").count(), 0);
    assert.equal(await page.getByRole("searchbox").count(), 0);
  }], ["headings and landmarks form an outline", async (opened) => {
    const page = await opened(file);
    const levels = await page.evaluate(() => [...document.querySelectorAll("h1, h2, h3")].map((heading) => Number(heading.tagName[1])));
    assert.equal(levels.filter((level) => level === 1).length, 1);
    assert.ok(levels.every((level, at) => at === 0 ? level === 1 : level <= levels[at - 1] + 1), levels.join(" "));
    for (const role of ["banner", "search", "main", "contentinfo"]) assert.equal(await page.getByRole(role).count(), 1, role);
  }], ["only the newest tags are unfolded, and printing shows all", async (opened) => {
    const page = await opened(file);
    const loki = page.locator("#image-loki");
    assert.equal(await loki.locator(".reference:visible").count(), 5);
    await loki.getByText("2 older approved tags").click();
    assert.equal(await loki.locator(".reference:visible").count(), 7);
    await loki.getByText("2 older approved tags").click();
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator(".copy:visible").count(), 0);
    const height = await loki.locator("details .reference").first().evaluate((element) => element.getBoundingClientRect().height);
    assert.ok(height > 0, "the older tags are printed");
  }]];
}

function searching(file) {
  const finds = async (opened, cases) => {
    const page = await opened(file);
    for (const [text, expected] of cases) {
      await search(page).fill(text);
      assert.deepEqual(await visible(page), expected, text);
    }
  };
  return [["a search hides what does not match", (opened) => finds(opened, [
    ["grafana/loki", ["acme/loki"]],
    ["LOKI", ["acme/loki"]],
    ["docker.io/grafana/loki:3.1.0", ["acme/loki"]],
    ["acme/loki:3", ["acme/loki"]],
    ["log aggregation", ["acme/loki"]],
    ["aggregation log", ["acme/loki"]],
    ["verified publisher", ["acme/loki", "acme/mimir"]],
    ["acme/loki:3.2.0-rc.1", ["acme/loki"]],
    ["docker.io/grafana/loki:3.2.0", ["acme/loki"]],
    ["", ["acme/alpine", "acme/envoy", "acme/legacy-tool", "acme/loki", "acme/mimir", "acme/openssl-tools", "acme/pause", "acme/postgres"]],
  ])], ["a digest is found, also pinned", async (opened) => {
    const page = await opened(file);
    const pinned = await named(page, "Copy acme/postgres:17.2 with its digest").getAttribute("value");
    const digest = pinned.split("@")[1];
    for (const text of [pinned, digest, digest.slice(0, 19), digest.slice(7, 30).toUpperCase()]) {
      await search(page).fill(text);
      assert.deepEqual(await visible(page), ["acme/postgres"], text);
    }
  }]];
}

function typing(file) {
  return [["it says how many are shown, and that none matches", async (opened) => {
    const page = await opened(file);
    await status(page, "All 8 images shown");
    await search(page).fill("loki");
    await status(page, "1 of 8 images shown");
    assert.ok(!(await page.locator("#nothing").isVisible()));
    await search(page).fill("no such image");
    await status(page, "0 of 8 images shown");
    await page.getByRole("button", { name: "Show all images" }).click();
    await status(page, "All 8 images shown");
    assert.ok(await search(page).evaluate((field) => field === document.activeElement));
  }], ["what is found among older tags is unfolded", async (opened) => {
    const page = await opened(file);
    await search(page).fill("loki:2.9.8");
    await page.getByText("acme/loki:2.9.8", { exact: true }).waitFor({ state: "visible", timeout: 5000 });
    assert.equal(await page.locator("#image-postgres details[open]").count(), 0);
    await search(page).fill("postgres 17.0-rc3");
    await page.getByText("17.0-rc3", { exact: true }).waitFor({ state: "visible", timeout: 5000 });
  }], ["the keyboard searches: / goes to the field, Escape empties it", async (opened) => {
    const page = await opened(file);
    await page.keyboard.press("/");
    await page.keyboard.type("pause/");
    assert.equal(await search(page).inputValue(), "pause/");
    assert.deepEqual(await visible(page), []);
    await page.keyboard.press("Backspace");
    assert.deepEqual(await visible(page), ["acme/pause"]);
    await page.keyboard.press("Escape");
    assert.equal(await search(page).inputValue(), "");
    assert.equal((await visible(page)).length, 8);
  }], ["everything is reached by Tab, and focus is seen", async (opened) => {
    const page = await opened(file);
    const reached = [];
    for (let step = 0; step < 12; step += 1) {
      await page.keyboard.press("Tab");
      reached.push(await page.evaluate(() => {
        const element = document.activeElement;
        const marked = element.matches("[type=radio]") ? element.nextElementSibling : element;
        const seen = getComputedStyle(marked).outlineStyle !== "none";
        return `${element.getAttribute("aria-label") ?? element.id ?? ""}${element.id ? "" : element.textContent}: ${seen}`;
      }));
    }
    assert.deepEqual(reached, [
      "Skip to the images: true", "theme: true", "search: true", "category: true", "platform: true", ": true",
      "Not found out, or not as it should be: 1: true", "acme/alpine: true", "Copy acme/alpine:3.20.3Copy: true", "Copy acme/alpine:3.20.3 with its digestwith its digest: true",
      "#12: true", "acme/envoy: true",
    ]);
  }]];
}

function filtering(file) {
  return [["filters: category, platform, state", async (opened) => {
    const page = await opened(file);
    await page.getByLabel("Category").selectOption("Docker Official Image");
    assert.deepEqual(await visible(page), ["acme/alpine", "acme/postgres"]);
    await page.getByLabel("Platform", { exact: true }).selectOption("linux/arm/v7");
    assert.deepEqual(await visible(page), ["acme/alpine"]);
    await page.getByLabel("Category").selectOption("");
    await page.getByLabel("Platform", { exact: true }).selectOption("");
    const states = {
      "Available": ["acme/alpine", "acme/envoy", "acme/loki", "acme/mimir", "acme/openssl-tools", "acme/postgres"],
      "Not at the mirror": ["acme/loki", "acme/pause"],
      "Waiting": ["acme/loki", "acme/postgres"],
      "Rejected": ["acme/loki", "acme/postgres"],
      "Revoked": ["acme/legacy-tool", "acme/openssl-tools"],
    };
    for (const [state, expected] of Object.entries(states)) {
      await page.getByRole("radio", { name: state }).check();
      assert.deepEqual(await visible(page), expected, state);
    }
    await page.getByRole("radio", { name: "Revoked" }).focus();
    await page.keyboard.press("ArrowLeft");
    assert.deepEqual(await visible(page), states["Rejected"]);
  }]];
}

function linking(file) {
  const hash = (page, expected) => page.waitForFunction((expected) => location.hash === expected, expected, { timeout: 5000 });
  return [["the address keeps the search", async (opened) => {
    const page = await opened(file);
    await search(page).fill("loki & <co>");
    await page.getByRole("radio", { name: "Waiting" }).check();
    await hash(page, "#q=loki+%26+%3Cco%3E&state=waiting");
    const again = await opened(file, { hash: new URL(page.url()).hash });
    assert.equal(await search(again).inputValue(), "loki & <co>");
    assert.ok(await again.getByRole("radio", { name: "Waiting" }).isChecked());
    assert.deepEqual(await visible(again), []);
    await search(again).fill("loki");
    assert.deepEqual(await visible(again), ["acme/loki"]);
    await again.getByRole("radio", { name: "All" }).check();
    await search(again).fill("");
    await hash(again, "");
  }], ["a link to an image leads to it", async (opened) => {
    const page = await opened(file, { hash: "#image-postgres" });
    await page.waitForTimeout(300);
    assert.equal((await visible(page)).length, 8);
    assert.equal(new URL(page.url()).hash, "#image-postgres");
    assert.ok(await page.locator("#image-postgres h2").evaluate((heading) => {
      const { top, bottom } = heading.getBoundingClientRect();
      const covered = document.elementFromPoint(heading.getBoundingClientRect().left + 5, (top + bottom) / 2);
      return top >= 0 && bottom <= innerHeight && heading.contains(covered);
    }));
    await search(page).fill("alpine");
    await page.evaluate(() => { location.hash = "#image-pause"; });
    await page.getByRole("heading", { name: "acme/pause" }).waitFor({ timeout: 5000 });
    assert.equal(await search(page).inputValue(), "");
  }], ["what an address says is only text", async (opened) => {
    const evil = "<img src=x onerror=document.title='pwned'>";
    const page = await opened(file, { hash: `#q=${encodeURIComponent(evil)}&state=__proto__&category=${encodeURIComponent(evil)}&platform=nope&q=2` });
    assert.equal(await search(page).inputValue(), evil);
    assert.equal(await page.getByLabel("Category").inputValue(), "");
    assert.ok(await page.getByRole("radio", { name: "All" }).isChecked());
    assert.equal(await page.locator("img").count(), 0);
    assert.notEqual(await page.title(), "pwned");
    const long = await opened(file, { hash: `#q=${"a".repeat(100000)}` });
    assert.equal((await search(long).inputValue()).length, 300);
  }]];
}

function copying(file) {
  const tag = "acme/loki:3.1.0";
  const copies = async (page, read) => {
    await named(page, `Copy ${tag}`).click();
    await said(page, `Copied ${tag}`);
    assert.equal(await clipboard(read), tag);
    await named(page, `Copy ${tag} with its digest`).focus();
    await page.keyboard.press("Enter");
    await said(page, `Copied ${tag}@sha256:`);
    assert.match(await clipboard(read), /^acme\/loki:3\.1\.0@sha256:[0-9a-f]{64}$/);
    assert.ok(await named(page, `Copy ${tag} with its digest`).evaluate((button) => button === document.activeElement));
  };
  const without = () => Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined });
  return [["buttons copy what they say", async (opened) => {
    const page = await opened(file);
    await copies(page, page);
  }], ["they copy where there is no clipboard to write to", async (opened) => {
    const page = await opened(file, { before: without });
    const reader = await page.context().newPage();
    await reader.goto(`file://${file}`);
    await page.bringToFront();
    const reading = { evaluate: async (action) => {
      await reader.bringToFront();
      const text = await reader.evaluate(action);
      await page.bringToFront();
      return text;
    } };
    // `before` belongs to the first page only.
    assert.equal(await page.evaluate(() => navigator.clipboard), undefined);
    await copies(page, reading);
    assert.equal(await page.locator("textarea").count(), 0);
  }], ["what cannot be copied is selected, and that is said", async (opened) => {
    const page = await opened(file, { before: () => {
      Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined });
      Document.prototype.execCommand = () => false;
    } });
    await named(page, `Copy ${tag}`).click();
    await said(page, `Not copied: select and copy ${tag}`);
    assert.equal(await page.evaluate(() => String(getSelection())), tag);
  }], ["nothing revoked, rejected, waiting or not promoted can be copied", async (opened) => {
    const page = await opened(file);
    const offered = await page.locator("button.copy").evaluateAll((buttons) => buttons.map((button) => button.value.split("@")[0]));
    assert.deepEqual([...new Set(offered)].sort(), [
      "acme/alpine:3.20.3", "acme/envoy:v1.32.1", "acme/loki:2.9.8", "acme/loki:2.9.9", "acme/loki:3.0.0", "acme/loki:3.0.1",
      "acme/loki:3.0.2", "acme/loki:3.1.0", "acme/mimir:2.14.1", "acme/openssl-tools:3.3.2", "acme/postgres:17.2",
    ]);
    assert.equal(offered.length, 22);
    assert.ok(await page.getByText("acme/openssl-tools:3.3.1").first().isVisible());
    assert.ok(await page.getByText("There is no approved version to use instead.").isVisible());
  }]];
}

function looking(file) {
  const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  return [["the theme follows the system until it is chosen, and is remembered", async (opened) => {
    const page = await opened(file, { colorScheme: "dark" });
    const dark = await ground(page);
    const button = page.getByRole("button", { name: "Dark theme" });
    assert.equal(await button.getAttribute("aria-pressed"), "true");
    await button.click();
    const light = await ground(page);
    assert.notEqual(light, dark);
    await page.reload();
    assert.equal(await ground(page), light);
    assert.equal(await button.getAttribute("aria-pressed"), "false");
    await button.click();
    assert.equal(await ground(page), dark);
    await page.emulateMedia({ colorScheme: "light" });
    assert.equal(await ground(page), light);
  }], ["it works where nothing may be stored", async (opened) => {
    const page = await opened(file, { before: () => {
      Object.defineProperty(window, "localStorage", { get() { throw new Error("forbidden"); } });
    } });
    const before = await ground(page);
    await page.getByRole("button", { name: "Dark theme" }).click();
    assert.notEqual(await ground(page), before);
    await search(page).fill("loki");
    assert.deepEqual(await visible(page), ["acme/loki"]);
  }], ["nothing moves for who wants less motion", async (opened) => {
    const durations = async (reducedMotion) => {
      const page = await opened(file, { reducedMotion });
      return page.evaluate(() => [...document.querySelectorAll("*")]
        .filter((element) => getComputedStyle(element).transitionDuration !== "0s" || getComputedStyle(element).animationName !== "none").length);
    };
    assert.ok(await durations("no-preference") > 0);
    assert.equal(await durations("reduce"), 0);
  }]];
}

function attacked(file) {
  return [["hostile text is text", async (opened) => {
    const page = await opened(file);
    const text = await page.locator("main").textContent();
    assert.ok(text.includes("<script>document.title='pwned'</script>"), "the text itself is shown");
    assert.ok(!/[\u202a-\u202e\u2066-\u2069\u200b\u0000-\u0008]/.test(text), "no character that changes the direction or is not seen");
    assert.ok((await page.content()).length < 60000, "long texts are cut");
    assert.notEqual(await page.title(), "pwned");
    assert.deepEqual(await page.locator("main a").evaluateAll((links) => links.map((link) => link.href).filter((url) => !url.startsWith("file:"))), []);
  }], ["the policy stops every other script, style and request", async (_, browser) => {
    const page = await open(browser, file);
    await page.evaluate(() => {
      window.stopped = [];
      addEventListener("securitypolicyviolation", (event) => window.stopped.push(event.effectiveDirective));
      for (const [name, text] of [["script", "document.title = 'pwned'"], ["style", "body { display: none }"]]) {
        const element = document.createElement(name);
        element.textContent = text;
        document.head.append(element);
      }
      const image = document.createElement("img");
      image.src = "https://registry.invalid/a.png";
      document.body.append(image);
      fetch("https://registry.invalid/").catch(() => {});
    });
    await page.waitForFunction(() => window.stopped.length >= 4, undefined, { timeout: 5000 });
    assert.deepEqual((await page.evaluate(() => window.stopped)).sort(), ["connect-src", "img-src", "script-src-elem", "style-src-elem"]);
    assert.notEqual(await page.title(), "pwned");
  }]];
}

function large(file) {
  const texts = ["i", "im", "image-7", "image-77", "image-777", "image-77", "", "nothing at all", "", "sha256:ab"];
  const once = (page) => page.evaluate(async (texts) => {
    const field = document.getElementById("search");
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const all = [];
    for (const text of texts) {
      const watcher = new MutationObserver(() => {});
      watcher.observe(document.querySelector("main"), { subtree: true, childList: true, attributes: true });
      field.value = text;
      const start = performance.now();
      field.dispatchEvent(new Event("input", { bubbles: true }));
      const handled = performance.now() - start;
      const changed = watcher.takeRecords().filter(({ target }) => target.matches("article")).length;
      await frame();
      watcher.disconnect();
      const shown = document.querySelectorAll("article.image:not([hidden])").length;
      all.push({ text, handled, painted: performance.now() - start, changed, shown });
    }
    return all;
  }, texts);
  return [["a search in a thousand images changes what differs and lays the page out once", async (opened) => {
    const page = await opened(file);
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    const layouts = async () => {
      const { metrics } = await session.send("Performance.getMetrics");
      return metrics.find(({ name }) => name === "LayoutCount").value;
    };
    const before = await layouts();
    const first = await once(page);
    // One for a text's results, one for how many they are; the handler itself asks for none.
    const perText = (await layouts() - before) / texts.length;
    assert.ok(perText <= 3, `${perText} layouts for each text`);
    assert.deepEqual(first.map(({ shown }) => shown).slice(0, 9), [1000, 1000, 111, 11, 1, 11, 1000, 0, 1000]);
    assert.deepEqual(first.map(({ changed }) => changed).slice(0, 9), [0, 0, 889, 100, 10, 10, 989, 1000, 1000]);
    // Times depend on what else runs: they are told, and the counts above decide.
    for (const { text, handled, painted } of await once(page)) {
      console.log(`  ${JSON.stringify(text)}: handled in ${handled.toFixed(1)} ms, shown in ${painted.toFixed(1)} ms`);
    }
  }]];
}
