// Drives the catalogue's page in Chromium.
//
//   node check.mjs fixtures DIR   the pages of tests/it/catalog: ordinary.html, hostile.html, many.html, empty.html
//   node check.mjs any PAGE...    what holds for every page
//
// Prints a line for each check. Screenshots are written next to the pages.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { accessibility, launch, open, overflow } from "./pages.mjs";
import { fixtureChecks } from "./fixtures.mjs";

const looks = [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["narrow", { colorScheme: "light", viewport: { width: 390, height: 844 } }],
  ["narrow and dark", { colorScheme: "dark", viewport: { width: 390, height: 844 } }],
];

/** What holds for every page. */
function pageChecks(file, name) {
  const checks = looks.map(([look, options]) => [`${name}, ${look}: accessible, nothing sticks out`, async (opened) => {
    const page = await opened(file, options);
    const picture = (part, fullPage) => page.screenshot({ path: join(dirname(file), `${name} ${look}${part}.png`.replaceAll(" ", "-")), fullPage });
    await picture(" top", false);
    // What is far below is not laid out until it is scrolled to, and would be neither drawn nor checked.
    await page.evaluate(() => {
      for (const image of document.querySelectorAll("article.image")) image.style.contentVisibility = "visible";
    });
    await picture("", true);
    assert.deepEqual(await accessibility(page), []);
    assert.deepEqual(await overflow(page), { pixels: 0, outside: [] });
  }]);
  return [...checks, [`${name}: one script, one style, only web links`, async (opened) => {
    const page = await opened(file);
    const found = await page.evaluate(() => ({
      scripts: document.querySelectorAll("script").length,
      styles: document.querySelectorAll("style, link[rel=stylesheet], [style]").length,
      loaded: document.querySelectorAll("img, iframe, object, embed, video, audio, base, form").length,
      links: [...document.querySelectorAll("a")].map((link) => link.getAttribute("href")),
      unsafe: document.querySelectorAll("a[href^=http]:not([rel='noopener noreferrer'])").length,
    }));
    assert.deepEqual(found.links.filter((link) => !/^(https?:\/\/|#)/.test(link)), []);
    assert.deepEqual({ ...found, links: 0 }, { scripts: 1, styles: 1, loaded: 0, links: 0, unsafe: 0 });
  }]];
}

const [mode, ...given] = process.argv.slice(2);
const nameOf = (file) => file.replace(/^.*\//, "").replace(/\.html$/, "");
const checks = mode === "fixtures"
  ? [
      ...["ordinary", "hostile", "many", "empty"].flatMap((name) => {
        const all = pageChecks(join(given[0], `${name}.html`), name);
        return name === "many" ? all.slice(-1) : all;
      }),
      ...fixtureChecks(given[0]),
    ]
  : given.flatMap((file) => pageChecks(file, nameOf(file)));

const browser = await launch();
let failed = 0;
for (const [name, check] of checks) {
  const noticed = [];
  try {
    await check((file, options) => open(browser, file, { noticed, ...options }), browser);
    assert.deepEqual(noticed, []);
    console.log(`passed: ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`failed: ${name}\n${error.stack}`);
  }
  for (const context of browser.contexts()) await context.close();
}
await browser.close();
process.exitCode = failed ? 1 : 0;
