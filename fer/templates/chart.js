// Charts of timelines: the values of a second by pointer and keyboard, zoom, series on and off.
// It works on every .fer-chart[data-series] of the document, also on those that come later.
(() => {
  const side = 1000, least = 2; // units of the drawings; fewest values in view
  const kept = new Map(); // what was chosen, by the id of what holds the chart: charts are redrawn
  const all = (root, selector) => [...root.querySelectorAll(selector)];
  const held = (chart) => chart.closest("[id]")?.id ?? "";
  const clock = (seconds) => {
    const [h, m, s] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor);
    return h ? `${h}:${`${m}`.padStart(2, "0")}:${`${s}`.padStart(2, "0")}` : `${m}:${`${s}`.padStart(2, "0")}`;
  };
  // Gradio changes the elements that stay: another timeline may come into the same chart.
  const state = (chart) => {
    const source = chart.dataset.series, span = Number(chart.dataset.span); // a mark may be after all values
    if (chart.fer?.source !== source || chart.fer.span !== span) {
      const before = kept.get(held(chart));
      const same = before?.span === span;
      chart.fer = { source, span, from: same ? before.from : 0, to: same ? before.to : span, hidden: before?.hidden ?? new Set(), at: same ? before.at : 0, ...JSON.parse(source) };
      kept.set(held(chart), chart.fer);
    }
    return chart.fer;
  };
  const isAsItCame = (chart) => !("from" in chart.dataset); // from the server, not drawn here since
  const count = (fer) => fer.areas[0].length;
  // The browser's region within the document's language.
  const locale = () => navigator.languages.find((each) => each.split("-")[0] === document.documentElement.lang) ?? (document.documentElement.lang || undefined);
  const decimal = (value, digits) => value.toLocaleString(document.documentElement.lang || undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const signed = (value) => `${value < 0 ? "\u2212" : "+"}${decimal(Math.abs(value / 1000), 2)}`;

  function sentence(fer, at) {
    const row = fer.areas[0][at], time = clock(at * fer.step);
    const faces = fer.faces[at] === null ? "" : `, ${_("%(number)s faces", { number: decimal(fer.faces[at] / 1000, 1) })}`;
    if (!row) return `${time}${faces}: ${_("no figure")}`;
    const shares = fer.names.map((name, i) => [row[i], name, fer.labels[i]]).filter(([share, name]) => share >= 5 && !fer.hidden.has(name));
    shares.sort((one, other) => other[0] - one[0]);
    const text = shares.map(([share, , label]) => `${label} ${Math.round(share / 10)}%`).join(", ");
    return `${time}${faces}: ${text}${fer.index[at] === null ? "" : `; ${_("index %(value)s", { value: signed(fer.index[at]) })}`}`;
  }

  // The clock of the place where the page is read, for timelines of a camera.
  function daytime(chart, seconds) {
    const begun = Date.parse(chart.dataset.started ?? "");
    return Number.isNaN(begun) ? "" : `${new Date(begun + 1000 * seconds).toLocaleTimeString(locale())} \u00b7 `;
  }

  function point(chart, at) {
    const fer = state(chart);
    if (!count(fer)) return;
    fer.at = Math.min(Math.max(at, 0), count(fer) - 1);
    const text = daytime(chart, fer.at * fer.step) + sentence(fer, fer.at);
    const place = ((fer.at + 0.5) * fer.step - fer.from) / (fer.to - fer.from);
    chart.style.setProperty("--cursor", place);
    chart.toggleAttribute("data-cursor", place >= 0 && place <= 1);
    const slider = chart.querySelector("[role=slider]");
    slider.setAttribute("aria-valuemax", count(fer) - 1);
    slider.setAttribute("aria-valuenow", fer.at);
    slider.setAttribute("aria-valuetext", text);
    slider.textContent = text;
  }

  // The outline of the areas up to one series, broken where there is no value.
  function outline(fer, rows, upTo) {
    const x = (slot) => Math.round(((slot * fer.step) / fer.span) * side * 10) / 10;
    let path = "";
    for (let start = 0; start < rows.length; start += 1) {
      if (!rows[start]) continue;
      let end = start;
      while (end < rows.length && rows[end]) end += 1;
      const tops = rows.slice(start, end).map((row) => fer.names.reduce((sum, name, i) => sum + (i <= upTo && !fer.hidden.has(name) ? row[i] : 0), 0));
      const points = [[x(start), tops[0]], ...tops.map((top, i) => [x(start + i + 0.5), top]), [x(end), tops.at(-1)]];
      path += `M${points.map(([place, top]) => `${place} ${side - Math.min(top, side)}`).join("L")}L${x(end)} ${side}L${x(start)} ${side}Z`;
      start = end;
    }
    return path;
  }

  function draw(chart) {
    const fer = state(chart), width = fer.to - fer.from, anew = isAsItCame(chart);
    const zoomed = width < fer.span || fer.hidden.size > 0 || chart.dataset.drawn;
    all(chart, ".fer-drawing svg").forEach((svg) => svg.setAttribute("viewBox", `${(fer.from / fer.span) * side} 0 ${(width / fer.span) * side} ${side}`));
    if (zoomed) {
      chart.dataset.drawn = "1";
      all(chart, ".fer-areas").forEach((plot, number) => {
        const paths = all(plot, "path"); // the sum of all is painted first
        paths.forEach((path, i) => path.setAttribute("d", outline(fer, fer.areas[number] ?? [], paths.length - 1 - i)));
      });
    }
    for (const overlay of all(chart, ".fer-drawing > :not(svg)")) {
      if (anew) overlay.fer = { left: parseFloat(overlay.style.left), wide: parseFloat(overlay.style.width) };
      const { left, wide } = overlay.fer;
      const place = (percent) => ((percent / 100) * fer.span - fer.from) / width;
      overlay.style.left = `${100 * place(left)}%`;
      if (overlay.matches(".fer-mark")) overlay.classList.toggle("fer-mark-late", place(left) > 0.9);
      if (!Number.isNaN(wide)) overlay.style.width = `${(wide * fer.span) / width}%`;
    }
    const times = chart.querySelector(".fer-times");
    if (zoomed) {
      const last = fer.ticks.at(-1);
      const step = fer.ticks.find((tick) => width / tick <= 5) ?? Math.ceil(width / 5 / last) * last;
      const ticks = [];
      for (let tick = Math.ceil(fer.from / step) * step; tick < fer.to - 0.03 * width; tick += step) ticks.push(tick);
      times.replaceChildren(...ticks.map((tick) => {
        const label = document.createElement("span");
        label.style.left = `${(100 * (tick - fer.from)) / width}%`;
        label.textContent = clock(tick);
        return label;
      }));
    }
    Object.assign(chart.dataset, { from: fer.from, to: fer.to });
    chart.toggleAttribute("data-zoomed", width < fer.span);
    for (const button of all(chart, "[data-series-name]")) button.setAttribute("aria-pressed", !fer.hidden.has(button.dataset.seriesName));
  }

  function zoom(chart, from, to) {
    const fer = state(chart), width = Math.min(Math.max(to - from, least * fer.step), fer.span);
    fer.from = Math.min(Math.max(from, 0), fer.span - width);
    fer.to = fer.from + width;
    draw(chart);
    point(chart, fer.at);
  }

  function scale(chart, factor) {
    const fer = state(chart), width = (fer.to - fer.from) * factor, middle = (fer.at + 0.5) * fer.step;
    zoom(chart, middle - width / 2, middle + width / 2);
  }

  const timeAt = (chart, drawing, x) => {
    const fer = state(chart), { left, width } = drawing.getBoundingClientRect();
    return fer.from + ((x - left) / width) * (fer.to - fer.from);
  };
  const pointAt = (chart, drawing, x) => point(chart, Math.floor(timeAt(chart, drawing, x) / state(chart).step));
  const chartOf = (target) => target.closest?.(".fer-chart[data-series]");
  let drag = null;

  function endDrag() {
    drag?.chart.toggleAttribute("data-drag", false);
    drag = null;
  }

  document.addEventListener("pointerdown", (event) => {
    endDrag();
    const drawing = event.target.closest?.(".fer-drawing"), chart = chartOf(event.target);
    if (!chart || !drawing || !event.isPrimary || event.button !== 0) return;
    drag = { chart, drawing, x: event.clientX, moved: false };
    pointAt(chart, drawing, event.clientX); // a finger that taps doesn't move
  });
  document.addEventListener("pointercancel", endDrag); // the finger scrolls the page
  document.addEventListener("pointermove", (event) => {
    const drawing = drag?.drawing ?? event.target.closest?.(".fer-drawing"), chart = drag?.chart ?? chartOf(event.target);
    if (!chart || !drawing) return;
    pointAt(chart, drawing, event.clientX);
    if (!drag) return;
    drag.moved ||= Math.abs(event.clientX - drag.x) > 6;
    if (!drag.moved) return;
    const { left, width } = drawing.getBoundingClientRect();
    const [low, high] = [drag.x, event.clientX].sort((one, other) => one - other).map((x) => (x - left) / width);
    chart.style.setProperty("--drag-left", low);
    chart.style.setProperty("--drag-width", high - low);
    chart.toggleAttribute("data-drag", true);
  });
  document.addEventListener("pointerup", (event) => {
    if (drag?.moved) {
      const { chart, drawing, x } = drag;
      const [from, to] = [x, event.clientX].map((place) => timeAt(chart, drawing, place)).sort((one, other) => one - other);
      zoom(chart, from, to);
      // A mouse's drag ends with a click on the chart, a finger's with none.
      const ignore = (click) => click.stopPropagation();
      window.addEventListener("click", ignore, true);
      setTimeout(() => window.removeEventListener("click", ignore, true));
    }
    endDrag();
  });
  document.addEventListener("click", (event) => {
    const chart = chartOf(event.target), button = event.target.closest?.("button");
    if (!chart || !button) return;
    const fer = state(chart), name = button.dataset.seriesName;
    if (name) {
      if (!fer.hidden.delete(name)) fer.hidden.add(name);
      draw(chart);
      point(chart, fer.at);
    }
    if (button.dataset.zoom) button.dataset.zoom === "all" ? zoom(chart, 0, fer.span) : scale(chart, Number(button.dataset.zoom));
  });
  document.addEventListener("keydown", (event) => {
    const chart = chartOf(event.target);
    if (!chart || event.target.role !== "slider" || event.ctrlKey || event.metaKey || event.altKey) return;
    const { at, span, ...fer } = state(chart), last = count(fer) - 1;
    const steps = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageDown: at - 10, PageUp: at + 10, Home: 0, End: last };
    if (event.key in steps) {
      point(chart, steps[event.key]);
      if (!("cursor" in chart.dataset)) scale(chart, 1); // the view follows
    } else if ("+=".includes(event.key)) scale(chart, 0.5);
    else if (event.key === "-") scale(chart, 2);
    else if (event.key === "0") zoom(chart, 0, span);
    else return;
    event.preventDefault();
  });

  // A chart that replaces another one, or has changed, keeps its stretch and its series.
  const restore = () => all(document, ".fer-chart[data-series]").filter(isAsItCame).forEach((chart) => {
    const fer = state(chart);
    if (fer.hidden.size || fer.to - fer.from < fer.span) draw(chart);
  });
  const localize = () => all(document, ".fer-begun:not([data-local])").forEach((time) => {
    time.dataset.local = "1";
    time.textContent = new Date(time.dateTime).toLocaleString(locale());
  });
  localize();
  const changes = { childList: true, subtree: true, attributeFilter: ["data-from", "data-local", "data-series"] };
  new MutationObserver(() => { localize(); restore(); }).observe(document.documentElement, changes);
})();
