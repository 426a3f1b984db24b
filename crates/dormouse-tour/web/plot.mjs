// A dot for each sleep, in order: how long after its deadline it completed, on a logarithmic axis. Below the line is early.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 62, right: 12, top: 14, bottom: 34 };
const TICKS_MS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

function element(name, attributes, text) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text) node.textContent = text;
    return node;
}

export function quantile(values, q) {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

/// Draws up to `total` values, in ms.
export function drawPlot(svg, values, total) {
    const { width, height } = svg.getBoundingClientRect();
    if (!width) return;
    const latest = Math.max(9, ...values);
    const end = TICKS_MS.find((tick) => tick >= latest) ?? latest;
    const [left, right] = [MARGIN.left, width - MARGIN.right];
    const early = height - MARGIN.bottom;
    const zero = early - 26;
    const x = (nth) => left + ((nth + 0.5) / total) * (right - left);
    const y = (ms) => zero - (Math.log1p(ms) / Math.log1p(end)) * (zero - MARGIN.top);

    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren();
    svg.append(element("rect", { class: "early", x: left, y: zero, width: right - left, height: early - zero }));
    svg.append(element("text", { class: "early-text", x: left + 8, y: zero + 17 }, "early"));
    for (const tick of TICKS_MS.filter((tick) => tick <= end)) {
        svg.append(element("line", { class: tick ? "tick" : "base", x1: left, x2: right, y1: y(tick), y2: y(tick) }));
        const label = tick ? `${tick} ms` : "0";
        svg.append(element("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, label));
    }
    svg.append(element("text", { x: left, y: height - 10 }, "sleep 1"));
    svg.append(element("text", { x: right, y: height - 10, "text-anchor": "end" }, `${total}`));

    const r = Math.max(1.7, Math.min(3.2, ((right - left) / total) * 0.7));
    values.forEach((ms, nth) => svg.append(element("circle", { class: "dot", cx: x(nth), cy: y(ms), r })));
    if (values.length < 20) return;
    const median = quantile(values, 0.5);
    svg.append(element("line", { class: "median", x1: left, x2: right, y1: y(median), y2: y(median) }));
    const text = { class: "median-text", x: (left + right) / 2, y: height - 10, "text-anchor": "middle" };
    svg.append(element("text", text, `median ${median.toFixed(1)} ms`));
}
