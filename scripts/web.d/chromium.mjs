// Controls headless Chromium by its DevTools protocol, over a pipe; and serves folders to it. Without dependencies.

import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";

const TYPES = {
    ".css": "text/css",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
};

/// Serves the files of several folders, the first that has a file, on a free port of this machine.
export async function serve(...folders) {
    const server = createServer(async (request, response) => {
        const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
        for (const folder of folders) {
            const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
            if (!(await stat(file).catch(() => null))?.isFile()) continue;
            response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
            return createReadStream(file).pipe(response);
        }
        response.statusCode = 404;
        response.end();
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

export class Chromium {
    #process;
    #folder;
    #next = 1;
    #waiting = new Map();
    #listeners = new Set();

    static async start() {
        const chromium = new Chromium();
        chromium.#folder = await mkdtemp(join(tmpdir(), "dormouse-chromium-"));
        const options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
        options.push("--hide-scrollbars", "--remote-debugging-pipe", `--user-data-dir=${chromium.#folder}`);
        const stdio = ["ignore", "ignore", "ignore", "pipe", "pipe"];
        chromium.#process = spawn(process.env.CHROMIUM ?? "chromium", options, { stdio });
        chromium.#process.on("exit", () => {
            for (const { failed } of chromium.#waiting.values()) failed(new Error("Chromium has ended"));
        });
        let buffer = "";
        chromium.#process.stdio[4].setEncoding("utf8").on("data", (data) => {
            const messages = (buffer + data).split("\0");
            buffer = messages.pop();
            messages.forEach((message) => chromium.#receive(JSON.parse(message)));
        });
        return chromium;
    }

    #receive(message) {
        const waiting = this.#waiting.get(message.id);
        this.#waiting.delete(message.id);
        if (message.error) waiting?.failed(new Error(message.error.message));
        else if (waiting) waiting.done(message.result);
        else this.#listeners.forEach((listener) => listener(message));
    }

    send(method, params = {}, sessionId) {
        const id = this.#next++;
        this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
        return new Promise((done, failed) => this.#waiting.set(id, { done, failed }));
    }

    /// Opens a page. `print` gets what it writes to the console, and its uncaught errors.
    async open(url, print) {
        const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
        const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
        const page = new Page(this, sessionId);
        const loaded = new Promise((done) => {
            this.#listeners.add(({ method, params, sessionId: of }) => {
                if (of !== sessionId) return;
                if (method === "Page.loadEventFired") done();
                if (method === "Runtime.consoleAPICalled") {
                    print(params.args.map((arg) => arg.value ?? arg.description).join(" "), params.type);
                }
                if (method === "Runtime.exceptionThrown") {
                    print(params.exceptionDetails.exception?.description ?? "an exception", "error");
                }
                // Those of the browser, such as a file that the server does not have.
                if (method === "Log.entryAdded") print(`${params.entry.text} ${params.entry.url ?? ""}`, params.entry.level);
            });
        });
        await page.send("Page.enable");
        await page.send("Runtime.enable");
        await page.send("Log.enable");
        await page.send("Page.navigate", { url });
        await loaded;
        return page;
    }

    async version() {
        return (await this.send("Browser.getVersion")).product;
    }

    async close() {
        await this.send("Browser.close").catch(() => {});
        await new Promise((done) => (this.#process.exitCode === null ? this.#process.on("exit", done) : done()));
        await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
    }
}

class Page {
    #chromium;
    #session;

    constructor(chromium, session) {
        this.#chromium = chromium;
        this.#session = session;
    }

    send(method, params) {
        return this.#chromium.send(method, params, this.#session);
    }

    /// The value of an expression, or of the promise that it is.
    async evaluate(expression) {
        const options = { expression, awaitPromise: true, returnByValue: true, userGesture: true };
        const { result, exceptionDetails } = await this.send("Runtime.evaluate", options);
        if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
        return result.value;
    }

    /// Waits until an expression is true.
    async until(expression, limitMs = 30_000) {
        const end = Date.now() + limitMs;
        while (!(await this.evaluate(expression))) {
            if (Date.now() > end) throw new Error(`not true after ${limitMs} ms: ${expression}`);
            await new Promise((done) => setTimeout(done, 50));
        }
    }

    async size(width, height, mobile = false) {
        const deviceScaleFactor = mobile ? 2 : 1;
        await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor, mobile });
    }

    async features(features) {
        const list = Object.entries(features).map(([name, value]) => ({ name, value }));
        await this.send("Emulation.setEmulatedMedia", { features: list });
    }

    /// Saves the whole page as a PNG.
    async screenshot(file) {
        const { data } = await this.send("Page.captureScreenshot", { captureBeyondViewport: true });
        await writeFile(file, Buffer.from(data, "base64"));
    }
}
