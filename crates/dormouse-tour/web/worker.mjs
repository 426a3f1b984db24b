// Measures the first executor in a worker, in an instance of the module of its own.

import init, { executors, measure } from "./dormouse_tour.js";

await init({ module_or_path: new URL("dormouse_tour_bg.wasm", import.meta.url) });
const row = await measure(executors()[0], 1000, () => {});
const { join_ms, bar_first, select_ok, late_p50_us, late_p99_us, early, polls, broken } = row;
postMessage({ join_ms, bar_first, select_ok, late_p50_us, late_p99_us, early, polls, broken });
