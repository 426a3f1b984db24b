// The page: draws what the library does. The sleeps themselves are in src/web.rs.

import init, * as dormouse from "./dormouse_tour.js";
import { drawPlot, quantile } from "./plot.mjs";

const LENGTHS_MS = [420, 900, 1350, 640, 1700, 1120];
const LIMIT_MS = 1000;
const SECOND_MS = 1000;
/// As in src/timers.rs.
const SHORT_SLEEPS = 200;

const MODES = {
    joined: {
        code: "join_all(lengths.map(sleep)).await;",
        start: (onEnd) => dormouse.joined(LENGTHS_MS, onEnd),
        axisMs: 1800,
        summary: (took, ended) => `${ended} sleeps, joined, took ${ms(took)}: as long as the longest of them.`,
    },
    raced: {
        code: "select_all(lengths.map(sleep)).await;",
        start: (onEnd) => dormouse.raced(LENGTHS_MS, onEnd),
        axisMs: 1800,
        summary: (took) => `The race ended after ${ms(took)}. The others were dropped, and their timers are gone.`,
    },
    within: {
        code: "timeout(limit, join_all(lengths.map(sleep))).await",
        start: (onEnd) => dormouse.within(LIMIT_MS, LENGTHS_MS, onEnd),
        axisMs: 1800,
        summary: (_, ended) => `Err(Elapsed): ${ended} sleeps had completed after ${ms(LIMIT_MS)}, and the others were dropped.`,
    },
    in_sequence: {
        code: "for length in lengths { sleep(length).await; }",
        start: (onEnd) => dormouse.in_sequence(LENGTHS_MS, onEnd),
        axisMs: 6400,
        sequential: true,
        summary: (took, ended) => `${ended} sleeps, one after the other, took ${ms(took)}.`,
    },
};

const find = (id) => document.getElementById(id);
const ms = (value) => `${Math.round(value)} ms`;
const late = (value) => `+${value.toFixed(value < 10 ? 1 : 0)} ms`;

function create(name, className, text) {
    const node = document.createElement(name);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
}

// ---- Live

class Lane {
    constructor(lengthMs, mode) {
        this.lengthMs = lengthMs;
        this.mode = mode;
        this.item = create("li");
        this.bar = create("div", "bar");
        this.mark = create("div", "mark");
        this.result = create("span", "result");
        const track = create("div", "track");
        track.append(this.bar, this.mark);
        if (mode === MODES.within) {
            const limit = create("div", "mark limit");
            limit.style.left = this.#percent(LIMIT_MS);
            track.append(limit);
        }
        this.item.append(create("span", "length", ms(lengthMs)), track, this.result);
        this.#state("waiting", "");
    }

    #percent(value) {
        return `${Math.min(100, (value / this.mode.axisMs) * 100)}%`;
    }

    #state(state, result) {
        this.item.dataset.state = state;
        this.result.textContent = result;
    }

    begin(startMs, now) {
        this.startMs = startMs;
        this.#state("sleeping", "asleep");
        this.bar.style.left = this.#percent(startMs);
        this.mark.style.left = this.#percent(startMs + this.lengthMs);
        this.draw(now);
    }

    draw(now) {
        if (this.item.dataset.state !== "sleeping") return;
        const length = Math.max(0, Math.min(now - this.startMs, this.lengthMs));
        this.bar.style.width = this.#percent(length);
    }

    end(lateMs) {
        this.bar.style.width = this.#percent(this.lengthMs + lateMs);
        this.#state("done", `✓ ${late(lateMs)}`);
    }

    drop(now) {
        if (this.item.dataset.state === "done") return;
        this.draw(now);
        this.#state("dropped", "dropped");
    }
}

let axisMs = 0;

function drawAxis() {
    const step = axisMs > 3000 ? 2000 : find("axis").clientWidth < 400 ? 1000 : 500;
    const labels = [];
    for (let at = 0; at <= axisMs; at += step) {
        const label = create("span", "", at === 0 ? "0" : `${at / 1000} s`);
        label.style.left = `${(at / axisMs) * 100}%`;
        labels.push(label);
    }
    find("axis").replaceChildren(...labels);
}

async function runLive(name) {
    const mode = MODES[name];
    const buttons = document.querySelectorAll("[data-mode]");
    buttons.forEach((button) => {
        button.disabled = true;
        button.setAttribute("aria-pressed", String(button.dataset.mode === name));
    });
    find("code").textContent = mode.code;
    find("live-status").textContent = "…";
    axisMs = mode.axisMs;
    drawAxis();
    const lanes = LENGTHS_MS.map((length) => new Lane(length, mode));
    find("lanes").replaceChildren(...lanes.map((lane) => lane.item));

    const start = performance.now();
    const now = () => performance.now() - start;
    lanes.forEach((lane, nth) => (nth === 0 || !mode.sequential) && lane.begin(0, 0));
    let running = true;
    const frame = () => {
        lanes.forEach((lane) => lane.startMs !== undefined && lane.draw(now()));
        if (running) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);

    let ended = 0;
    await mode.start((nth, lateMs) => {
        ended += 1;
        lanes[nth].end(lateMs);
        if (mode.sequential) lanes[nth + 1]?.begin(now(), now());
    });
    const took = now();
    running = false;
    lanes.forEach((lane) => lane.drop(took));
    find("live-status").textContent = mode.summary(took, ended);
    buttons.forEach((button) => (button.disabled = false));
}

// ---- Lateness

const lateness = [];

function drawLateness() {
    drawPlot(find("plot"), lateness, SHORT_SLEEPS);
    if (!lateness.length) return;
    const [median, p99] = [quantile(lateness, 0.5), quantile(lateness, 0.99)].map((value) => `${value.toFixed(1)} ms`);
    find("late-p50").textContent = median;
    find("late-p99").textContent = p99;
    const summary = `Lateness of ${lateness.length} sleeps: median ${median}, 99th percentile ${p99}`;
    find("plot").setAttribute("aria-label", summary);
}

let drawing = false;

function addLateness(value) {
    lateness.push(value);
    if (drawing) return;
    drawing = true;
    requestAnimationFrame(() => {
        drawing = false;
        drawLateness();
    });
}

// ---- The table

const yesNo = (yes) => (yes ? "yes" : "no");

function cells(row) {
    return [
        ["builtin"],
        [(row.join_ms / 1000).toFixed(2), "number"],
        [yesNo(row.bar_first)],
        [yesNo(row.select_ok)],
        ["–"],
        [Math.round(row.late_p50_us), "number"],
        [Math.round(row.late_p99_us), "number"],
        [row.early, "number"],
        [row.polls, "number"],
        ["none"],
        row.broken ? [`✗ ${row.broken}`, "broken"] : ["✓ kept", "kept"],
    ];
}

function addRow(name) {
    const row = create("tr");
    const title = create("th", "", name);
    title.scope = "row";
    const waiting = create("td", "pending", "asleep …");
    waiting.colSpan = 11;
    row.append(title, waiting);
    find("rows").append(row);
    return (measured) => {
        row.replaceChildren(title, ...cells(measured).map(([text, className]) => create("td", className, text)));
        return !measured.broken;
    };
}

function inWorker() {
    return new Promise((done, failed) => {
        const worker = new Worker("worker.mjs", { type: "module" });
        worker.onmessage = ({ data }) => {
            worker.terminate();
            done(data);
        };
        worker.onerror = () => failed(new Error("the worker cannot be started"));
    });
}

async function measureAll() {
    find("measure").disabled = true;
    find("rows").replaceChildren();
    find("table-status").textContent = "Measuring …";
    lateness.length = 0;
    const names = dormouse.executors();
    const rows = names.map((name, nth) => {
        const show = addRow(name);
        // The plot shows the first.
        const measured = dormouse.measure(name, SECOND_MS, nth === 0 ? addLateness : () => {});
        if (nth === 0) measured.then((row) => (find("late-early").textContent = row.early), report);
        return measured.then(show);
    });
    rows.push(inWorker().then(addRow(`${names[0]}, worker`)));
    const kept = (await Promise.all(rows)).filter(Boolean).length;
    find("table-status").textContent = `${kept} of ${rows.length} executors kept every promise.`;
    find("stats").textContent = dormouse.stats();
    find("measure").disabled = false;
}

// ---- Start

function report(error) {
    find("error").hidden = false;
    find("error").textContent = `This page does not work here: ${error.message ?? error}`;
}

window.addEventListener("resize", () => {
    drawAxis();
    drawLateness();
});
document.querySelectorAll("[data-mode]").forEach((button) => {
    button.addEventListener("click", () => runLive(button.dataset.mode).catch(report));
});
find("measure").addEventListener("click", () => measureAll().catch(report));

try {
    await init({ module_or_path: new URL("dormouse_tour_bg.wasm", import.meta.url) });
    drawLateness();
    await Promise.all([runLive("joined"), measureAll()]);
} catch (error) {
    report(error);
}
