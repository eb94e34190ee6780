// Opens pages in Chromium, and notes everything that a page must not do: requests, messages on the console, violations of its
// policy.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A browser; `CHROMIUM` names its program. */
export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
}

/** A page in a context of its own. `noticed` gets what it must not do; null for a test that provokes it. */
export async function open(browser, file, { hash = "", noticed, before, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  const address = pathToFileURL(file).href;
  if (noticed) {
    page.on("request", (request) => {
      const url = request.url().split("#")[0];
      if (url !== address && !url.startsWith("data:image/svg+xml")) noticed.push(`request: ${url}`);
    });
    page.on("console", (message) => noticed.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => noticed.push(`error: ${error.message}`));
    page.on("dialog", (dialog) => {
      noticed.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    await page.exposeFunction("noticeViolation", (text) => noticed.push(`policy: ${text}`));
    await page.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => {
        window.noticeViolation(`${event.violatedDirective} ${event.blockedURI}`);
      });
    });
  }
  if (before) await page.addInitScript(before);
  await page.goto(address + hash);
  return page;
}

/** What axe finds, one line for each kind. */
export async function accessibility(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.length}, first ${nodes[0].html.slice(0, 200)}`);
}

/** By how many pixels the page is wider than its window, and what reaches outside. */
export function overflow(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const outside = [...document.querySelectorAll("body *")].filter((element) => {
      const box = element.getBoundingClientRect();
      return box.width > 2 && (box.right > clientWidth + 1 || box.left < -1) && !element.matches(".skip");
    });
    return { pixels: scrollWidth - clientWidth, outside: outside.slice(0, 3).map((element) => element.outerHTML.slice(0, 120)) };
  });
}
