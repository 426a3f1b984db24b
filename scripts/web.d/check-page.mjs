// Checks the page of the tour in headless Chromium: what it shows, that nothing overflows on a phone, and that text can be
// read in both colour schemes. Saves screenshots.
//
//     node check-page.mjs PAGE SCREENSHOTS      the folder of the built page, and one for the screenshots

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Chromium, serve } from "./chromium.mjs";

const [folder, screenshots] = process.argv.slice(2);
let passed = 0;

function check(name, actual, expected) {
    assert.deepEqual(actual, expected, name);
    passed += 1;
    console.log(`ok ${name}`);
}

const LANES = `[...document.querySelectorAll("#lanes li")].map((lane) => lane.dataset.state)`;
const IDLE = `[...document.querySelectorAll("button")].every((button) => !button.disabled)`;

/// The texts whose contrast with their background is below that of WCAG AA, 4.5.
const LOW_CONTRAST = `(() => {
    const parse = (color) => color.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
        const linear = [r, g, b].map((v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const background = (node) => {
        for (; node; node = node.parentElement) {
            const color = parse(getComputedStyle(node).backgroundColor);
            if (color.length < 4 || color[3] > 0) return color;
        }
    };
    const low = new Set();
    for (const node of document.querySelectorAll("body *")) {
        const hasText = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
        if (!hasText || !node.checkVisibility() || node.closest("noscript")) continue;
        const style = getComputedStyle(node);
        const isSvg = node.namespaceURI.includes("svg");
        const [a, b] = [light(parse(isSvg ? style.fill : style.color)), light(background(node))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) low.add(node.textContent.trim().slice(0, 40) + " " + ratio.toFixed(2));
    }
    return [...low];
})()`;

/// The texts that are not inside of their section, apart from those that scroll.
const OUTSIDE = `(() => {
    const outside = [];
    for (const section of document.querySelectorAll("section")) {
        const [box, style] = [section.getBoundingClientRect(), getComputedStyle(section)];
        const [left, right] = [box.left + parseFloat(style.paddingLeft), box.right - parseFloat(style.paddingRight)];
        for (const node of section.querySelectorAll("*")) {
            const hasText = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
            if (!hasText || node.closest(".scroll")) continue;
            const range = document.createRange();
            range.selectNodeContents(node);
            const text = node.namespaceURI.includes("svg") ? node.getBoundingClientRect() : range.getBoundingClientRect();
            if (text.left < left - 1 || text.right > right + 1) outside.push(node.textContent.trim().slice(0, 40));
        }
    }
    return outside;
})()`;

async function run(page, mode) {
    await page.evaluate(`document.querySelector("[data-mode=${mode}]").click()`);
    await page.until(IDLE);
    return page.evaluate(LANES);
}

async function checkContent(page) {
    await page.until(IDLE);
    const rows = await page.evaluate(
        `[...document.querySelectorAll("#rows tr")].map((row) => [...row.cells].map((cell) => cell.textContent))`,
    );
    check("each executor keeps its promises", rows.map((row) => row.at(-1)), Array(5).fill("✓ kept"));
    const joins = rows.map((row) => Number(row[2]) >= 3 && Number(row[2]) < 4);
    check("a join takes as long as the longest sleep", joins, Array(5).fill(true));
    const status = await page.evaluate(`document.getElementById("table-status").textContent`);
    check("the table has a summary", status, "5 of 5 executors kept every promise.");
    check("a dot for each sleep", await page.evaluate(`document.querySelectorAll("#plot .dot").length`), 200);
    check("no sleep is early", await page.evaluate(`document.getElementById("late-early").textContent`), "0");
    const stats = await page.evaluate(`document.getElementById("stats").textContent`);
    check("the stats are those of the library", /builtin +Boottime +0 +8\d\d/.test(stats), true);
    check("joined sleeps all complete", await page.evaluate(LANES), Array(6).fill("done"));
}

async function checkModes(page) {
    const raced = await run(page, "raced");
    check("the shortest sleep wins the race", raced, ["done", ...Array(5).fill("dropped")]);
    const within = await run(page, "within");
    const inTime = ["done", "done", "dropped", "done", "dropped", "dropped"];
    check("a timeout drops the sleeps that are longer", within, inTime);
    check("sleeps in sequence all complete", await run(page, "in_sequence"), Array(6).fill("done"));
}

async function checkLook(page, name, width, height, scheme) {
    await page.size(width, height, width < 600);
    await page.features({ "prefers-color-scheme": scheme });
    await new Promise((done) => setTimeout(done, 300));
    await page.screenshot(join(screenshots, `${name}.png`));
    check(`${name}: nothing overflows`, await page.evaluate(`document.documentElement.scrollWidth > innerWidth`), false);
    check(`${name}: no text leaves its section`, await page.evaluate(OUTSIDE), []);
    check(`${name}: text can be read`, await page.evaluate(LOW_CONTRAST), []);
}

async function checkAll(page, errors) {
    await page.size(1280, 900);
    await checkContent(page);
    await checkModes(page);
    await run(page, "within");
    await checkLook(page, "wide-light", 1280, 900, "light");
    await checkLook(page, "wide-dark", 1280, 900, "dark");
    await checkLook(page, "phone-light", 360, 740, "light");
    await checkLook(page, "phone-dark", 360, 740, "dark");
    check("the console has no errors", errors, []);
}

await mkdir(screenshots, { recursive: true });
const server = await serve(folder);
const chromium = await Chromium.start();
try {
    const errors = [];
    const page = await chromium.open(`${server.url}/`, (line, type) => type === "error" && errors.push(line));
    await checkAll(page, errors).catch(async (error) => {
        await page.screenshot(join(screenshots, "failed.png"));
        console.log(["The console of the page:", ...errors].join("\n"));
        throw error;
    });
} finally {
    await chromium.close();
    server.close();
}
console.log(`${passed} passed, 0 failed`);
