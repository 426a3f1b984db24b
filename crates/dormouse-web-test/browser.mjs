// Runs the tests in headless Chromium: in a page, then in a worker.
//
//     node browser.mjs FOLDER      the folder with the output of wasm-bindgen

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Chromium, serve } from "../../scripts/web.d/chromium.mjs";

const RUN = `
    import { run } from "/run.mjs";
    const bytes = await (await fetch("/dormouse_web_test_bg.wasm")).arrayBuffer();
    const all = (print) => run("/dormouse_web_test.js", bytes, print);
`;
const FILES = {
    "index.html": "<!doctype html><title>Tests</title>",
    "page.mjs": `${RUN}\nexport const result = await all(console.log);`,
    "worker.mjs": `${RUN}\npostMessage(await all((line) => postMessage({ line })));`,
};
const IN_WORKER = `new Promise((done) => {
    const worker = new Worker("/worker.mjs", { type: "module" });
    worker.onmessage = ({ data }) => (data.line ? console.log(data.line) : done(data));
})`;

const folder = await mkdtemp(join(tmpdir(), "dormouse-web-test-"));
for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);
const server = await serve(folder, process.argv[2], fileURLToPath(new URL(".", import.meta.url)));
const chromium = await Chromium.start();
const results = [];
try {
    // The panics of tests are uncaught errors of the page.
    const print = (line, type) => type === "log" && console.log(line);
    const page = await chromium.open(`${server.url}/`, print);
    console.log(`-- ${await chromium.version()}, a page`);
    results.push(await page.evaluate(`import("/page.mjs").then(({ result }) => result)`));
    console.log("-- a worker");
    results.push(await page.evaluate(IN_WORKER));
} finally {
    await chromium.close();
    server.close();
    await rm(folder, { recursive: true });
}
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exit(sum("failed") ? 1 : 0);
