"use strict";
// Four charts of one course. Each draw replaces what was drawn: nothing grows, however long the page is open.
const HEIGHT = {force: 220, deviation: 140, travel: 110, temperature: 110};
const FAR = 5;  // per cent: what is further off, as a ramp's beginning is, touches the edge; one per cent stays visible beside it
const INK = {mean: "#1f6feb", band: "rgba(31,111,235,.25)", set: "#d97706", bad: "#c2255c", other: "#2f9e44"};

function line(label, stroke, extra) {
  return {label, stroke, width: 1.2, points: {show: false}, spanGaps: false, ...extra};
}

const CHARTS = [
  {name: "force", unit: "N", columns: ["force_low_n", "force_high_n", "force_n", "set_n"],
   series: [line("lowest", INK.band), line("highest", INK.band), line("force", INK.mean), line("set-point", INK.set)],
   bands: [{series: [2, 1], fill: INK.band}], title: "force / N"},
  {name: "deviation", columns: ["deviation_low", "deviation_high"], scale: 100,
   series: [line("lowest", INK.bad), line("highest", INK.bad)], bands: [{series: [2, 1], fill: "rgba(194,37,92,.3)"}],
   title: "deviation / %", range: (_, low, high) => [Math.max(-FAR, Math.min(low, -1.2)), Math.min(FAR, Math.max(high, 1.2))]},
  {name: "travel", columns: ["travel_m"], scale: 1000, series: [line("travel", INK.other)], title: "travel / mm"},
  {name: "temperature", columns: ["temperature_1_c", "temperature_2_c"], series: [line("platen 1", INK.bad), line("platen 2", INK.set)],
   title: "temperature / °C"},
];

class Charts {
  constructor(place) {
    this.place = place;
    this.plots = CHARTS.map(chart => this.made(chart));
    new ResizeObserver(() => this.fit()).observe(place);
  }

  made(chart) {
    const heading = document.createElement("h2"), box = document.createElement("div");
    heading.textContent = chart.title;
    this.place.append(heading, box);
    const grid = {stroke: "rgba(128,128,128,.2)"}, ink = getComputedStyle(document.body).color;
    const axes = [{stroke: ink, grid}, {stroke: ink, grid, size: 64}];
    const options = {width: this.width(), height: HEIGHT[chart.name], axes, series: [{}, ...chart.series], bands: chart.bands || [],
      scales: chart.range ? {y: {range: chart.range}} : {}, legend: {show: false}, cursor: {sync: {key: "time"}, drag: {x: false}}};
    return {chart, heading, box, plot: new uPlot(options, [[], ...chart.columns.map(() => [])], box)};
  }

  width() { return Math.max(280, this.place.clientWidth); }

  fit() { for (const {chart, plot} of this.plots) plot.setSize({width: this.width(), height: HEIGHT[chart.name]}); }

  draw(course) {
    if (course.unix_s.length < 2) return;
    for (const {chart, heading, box, plot} of this.plots) {
      const scale = chart.scale || 1;
      const columns = chart.columns.map(name => course[name].map(value => value === null ? null : value * scale));
      const some = chart.name === "force" || columns.some(values => values.some(value => value !== null));
      heading.hidden = box.hidden = !some;
      if (some) plot.setData([course.unix_s, ...columns]);
    }
  }
}
