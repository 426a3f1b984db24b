// Runs the tests in Node.js: in its main thread, then in a worker thread.
//
//     node node.mjs FOLDER      the folder with the output of wasm-bindgen

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { run } from "./run.mjs";

const folder = resolve(isMainThread ? process.argv[2] : workerData);
const url = pathToFileURL(`${folder}/dormouse_web_test.js`).href;
const bytes = await readFile(`${folder}/dormouse_web_test_bg.wasm`);

// A panic of a test also ends the task of the host that it happens in. `run` learns of it from the panic hook.
process.on("uncaughtException", () => {});

if (isMainThread) {
    console.log(`-- Node.js ${process.version}, main thread`);
    const main = await run(url, bytes, console.log);
    console.log("-- a worker thread");
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: folder });
    const inWorker = await new Promise((done, failed) => {
        worker.on("message", (message) => (message.line ? console.log(message.line) : done(message)));
        worker.on("error", failed);
    });
    const [passed, failed] = [main.passed + inWorker.passed, main.failed + inWorker.failed];
    console.log(`${passed} passed, ${failed} failed`);
    process.exit(failed ? 1 : 0);
} else {
    const result = await run(url, bytes, (line) => parentPort.postMessage({ line }));
    parentPort.postMessage(result);
}
