// Opens pages of plans and of reports in a headless browser: node pages.js CHROMIUM SCREENSHOTS plan.html|report.html...
//
// Fails if a page writes an error to the console, sends a network request, finds no table by its search, or shows no
// table after a click. Screenshots are written for inspection.
"use strict";

const assert = require("node:assert");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const puppeteer = require("puppeteer-core");

const SCREENS = {
  wide: { width: 1400, height: 900 },
  phone: { width: 390, height: 844, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
};

async function open(browser, file, screen, scheme) {
  const page = await browser.newPage();
  const faults = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => /^(file|data|about):/.test(request.url()) || faults.push(`asks for ${request.url()}`));
  page.on("dialog", async (dialog) => (faults.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
  await page.setViewport(SCREENS[screen]);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const begun = Date.now();
  await page.goto(pathToFileURL(path.resolve(file)).href);
  const milliseconds = Date.now() - begun;
  return { page, faults, milliseconds };
}

/** Nothing is wider than the screen. */
async function fits(page, what) {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert(wider <= 1, `${what} is ${wider} pixels wider than the screen`);
}

async function plan(page, screenshot) {
  const names = await page.evaluate(() => JSON.parse(document.getElementById("data").textContent).tables.map((table) => table.name));
  const boxes = await page.$$eval(".picture .box", (all) => all.length);
  assert.equal(boxes, names.length, "a box for each table");
  await screenshot("open");

  const last = names.at(-1);
  await page.type("#search", last);
  const rows = await page.$$eval("table.all tbody tr:not([hidden]) a", (all) => all.map((a) => decodeURIComponent(a.hash.slice(1))));
  assert(rows.includes(last) && rows.length < Math.max(names.length, 2), `the search for ${last} finds ${rows.length} tables`);
  await page.keyboard.press("Enter");
  await page.waitForFunction((name) => document.querySelector("#table h2")?.textContent === name, {}, last);
  await page.$eval("#search", (input) => ((input.value = ""), input.dispatchEvent(new Event("input"))));

  const first = names.findIndex((name) => name !== last);
  if (first >= 0) {
    await page.$eval(`.box[data-table="${first}"]`, (box) => box.dispatchEvent(new MouseEvent("click", { bubbles: true })));
    await page.waitForFunction((name) => document.querySelector("#table h2")?.textContent === name, {}, names[first]);
  }
  const inside = await page.$$eval(".picture .box", (all) => all.map((box) => box.getBoundingClientRect()).findIndex((r) => r.width > 20 && r.top > 60 && r.left > 0 && r.right < innerWidth && r.bottom < innerHeight));
  if (inside >= 0) {
    // A real click: the picture does not mistake a click for a drag, and nothing covers the box.
    const box = (await page.$$(".picture .box"))[inside];
    const number = await box.evaluate((b) => Number(b.dataset.table));
    await box.click();
    await page.waitForFunction((name) => document.querySelector("#table h2")?.textContent === name, {}, names[number]);
  }
  assert(await page.$$eval("#table tbody tr", (all) => all.length > 0), "the table has columns");
  await screenshot("table");

  await page.select(".tools select", "1");
  const near = await page.$$eval(".picture .box", (all) => all.length);
  assert(near >= 1 && near <= names.length, `${near} neighbours`);
  await screenshot("neighbours");
  await page.select(".tools select", "");
  await page.$eval('.box[tabindex="0"]', (box) => box.focus());
  for (const key of ["ArrowRight", "ArrowDown", "ArrowLeft", "Enter", "+", "-", "0"]) await page.keyboard.press(key);
  await page.focus("#search");
}

async function report(page, screenshot) {
  assert((await page.$$(".uplot")).length > 0, "a chart");
  await screenshot("open");
}

async function check(browser, file, screenshots) {
  const name = path.basename(file, ".html");
  for (const [screen, scheme] of [["wide", "light"], ["wide", "dark"], ["phone", "light"]]) {
    const { page, faults, milliseconds } = await open(browser, file, screen, scheme);
    const screenshot = (what) => page.screenshot({ path: path.join(screenshots, `${name}-${screen}-${scheme}-${what}.png`) });
    assert.equal(faults.join("\n"), "", `${name} as it is opened: ${faults}`);
    const isPlan = (await page.$(".picture")) !== null;
    await (isPlan ? plan : report)(page, screenshot);
    await fits(page, `${name} on a ${screen} screen`);
    assert.deepEqual(faults, [], `${name} on a ${screen} screen`);
    const isSmall = (await page.$$(".box")).length < 100;
    if (isSmall && screen === "wide" && scheme === "light") await page.pdf({ path: path.join(screenshots, `${name}.pdf`), format: "A4", timeout: 300000 });
    assert.deepEqual(faults, [], `${name} printed`);
    console.log(`${name}: ${screen}, ${scheme}: opened in ${milliseconds} ms, no error`);
    await page.close();
  }
}

async function main([chromium, screenshots, ...files]) {
  const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox"] });
  try {
    for (const file of files) await check(browser, file, screenshots);
  } finally {
    await browser.close();
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
