// Runs the tests in the JavaScript host that imports this: a page or a worker of a browser, or a thread of Node.js.
//
// Each test is an exported function of the module, and runs in an instance of its own. While it runs, `globalThis.host`
// has what src/host.rs imports, and the timeouts and clocks of the host are replaced by ones that the test can control.

const TIME_LIMIT_MS = 120_000;

const { performance, Date } = globalThis;
const originals = {
    setTimeout: globalThis.setTimeout.bind(globalThis),
    clearTimeout: globalThis.clearTimeout.bind(globalThis),
    dateNow: Date.now,
    performanceNow: performance.now,
};

/// Runs all tests of the module that wasm-bindgen wrote to `url`, whose code is `bytes`. Calls `print` with a line for
/// each. Returns how many passed and failed.
export async function run(url, bytes, print) {
    const wasm = await WebAssembly.compile(bytes);
    const exports = await import(url);
    const names = Object.keys(exports).filter((name) => !["default", "initSync", "start"].includes(name));
    const result = { passed: 0, failed: 0 };
    for (const name of names) {
        const start = originals.performanceNow.call(performance);
        const outcome = await runOne(url, wasm, name);
        const ms = Math.round(originals.performanceNow.call(performance) - start);
        if (outcome.error) {
            result.failed += 1;
            print(`FAILED  ${name}: ${outcome.error}`);
        } else {
            result.passed += 1;
            print(`ok ${String(ms).padStart(5)} ms  ${name}${outcome.line ? `: ${outcome.line}` : ""}`);
        }
    }
    return result;
}

async function runOne(url, wasm, name) {
    const host = new Host();
    globalThis.host = host;
    host.replace();
    let limit;
    try {
        // Another address is another instance.
        const instance = await import(`${url}?test=${name}`);
        const failed = new Promise((_, reject) => {
            host.fail = reject;
            limit = originals.setTimeout(() => reject(new Error("it takes too long")), TIME_LIMIT_MS);
        });
        const test = async () => {
            await instance.default({ module_or_path: wasm });
            return instance[name]();
        };
        const line = await Promise.race([test(), failed]);
        if (host.panicExpected && !host.panicHappened) throw new Error("it should have panicked");
        return { line };
    } catch (error) {
        return { error: error.message ?? String(error) };
    } finally {
        originals.clearTimeout(limit);
        host.restore();
    }
}

class Host {
    #timeouts = new Map();
    #set = 0;
    #longest = 0;
    #wallClockStep = 0;
    panicExpected = false;
    panicHappened = false;

    panicked(message) {
        this.panicHappened = true;
        if (!this.panicExpected || !message.includes("as expected")) this.fail(new Error(message));
    }

    expectPanic() {
        this.panicExpected = true;
    }

    hasPanicked() {
        return this.panicHappened;
    }

    timeouts() {
        return this.#timeouts.size;
    }

    timeoutsSet() {
        return this.#set;
    }

    longestTimeout() {
        return this.#longest;
    }

    callTimeoutsEarly() {
        for (const [timeout, callback] of [...this.#timeouts]) {
            originals.clearTimeout(timeout);
            this.#timeouts.delete(timeout);
            // In a task of its own, as the host would.
            originals.setTimeout(callback, 0);
        }
    }

    stepWallClock(ms) {
        this.#wallClockStep += ms;
    }

    roundMonotonicClock(step) {
        performance.now = () => Math.floor(originals.performanceNow.call(performance) / step) * step;
    }

    pause(ms) {
        return new Promise((resolve) => originals.setTimeout(resolve, ms));
    }

    replace() {
        globalThis.setTimeout = (callback, ms) => {
            this.#set += 1;
            this.#longest = Math.max(this.#longest, ms);
            const timeout = originals.setTimeout(() => {
                this.#timeouts.delete(timeout);
                callback();
            }, ms);
            this.#timeouts.set(timeout, callback);
            return timeout;
        };
        globalThis.clearTimeout = (timeout) => {
            this.#timeouts.delete(timeout);
            originals.clearTimeout(timeout);
        };
        Date.now = () => originals.dateNow() + this.#wallClockStep;
    }

    restore() {
        for (const timeout of this.#timeouts.keys()) originals.clearTimeout(timeout);
        globalThis.setTimeout = originals.setTimeout;
        globalThis.clearTimeout = originals.clearTimeout;
        Date.now = originals.dateNow;
        performance.now = originals.performanceNow;
    }
}
