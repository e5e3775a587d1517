/**
 * Results as SVG: throughput by jobs in flight, round trips of lone jobs, and the rate by CPUs.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as echarts from 'echarts';
import { betterOf } from './statistics.mjs';

/** @typedef {import('./types.mjs').Results} Results */
/** @typedef {import('./types.mjs').Row} Row */

/** Seen on white and on black. */
const colours = ['#d1495b', '#edae49', '#8d99ae', '#00798c', '#5f7a3a', '#6a4c93', '#2e86de', '#b07d62', '#777777'];
const grey = '#808890';
const width = 860;

/** What a line stands for: the contender without its configuration. @param {string} contender */
export function groupOf(contender) {
  const [kind, detail] = contender.split(', ');
  return kind === 'padata' && /^(module function|closure)/.test(detail ?? '') ? `${kind}, ${detail}` : kind;
}

/** The best row of each group, for one metric. @param {Row[]} rows @param {string} metric */
function bestOfGroups(rows, metric) {
  /** @type {Map<string, Row>} */
  const groups = new Map();
  for (const row of rows.filter((each) => each.metric === metric)) {
    const known = groups.get(groupOf(row.contender));
    const isBetter =
      betterOf(row.unit) === 'highest' ? row.median > (known?.median ?? 0) : row.median < (known?.median ?? Infinity);
    if (isBetter) groups.set(groupOf(row.contender), row);
  }
  return groups;
}

/** Labels of an axis: 10k, 2.5M. @param {number} value */
function short(value) {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1e3 ? `${value / 1e3}k` : `${value}`;
}

const text = { color: grey, fontFamily: 'Arial, Helvetica, sans-serif' };

/** @param {string} title @param {object} rest @param {number} legendHeight */
function frame(title, rest, legendHeight = 60) {
  return {
    animation: false,
    color: colours,
    textStyle: text,
    title: { text: title, left: 'center', textStyle: { ...text, fontSize: 15 } },
    legend: { bottom: 0, left: 'center', width: width - 60, itemGap: 22, textStyle: text },
    grid: { left: 70, right: 40, top: 50, bottom: legendHeight + 40 },
    ...rest,
  };
}

/** @param {string} name @param {string[]} data */
const categories = (name, data) => ({
  type: 'category',
  name,
  nameLocation: 'middle',
  nameGap: 28,
  data,
  axisLabel: text,
});
const splitLine = { lineStyle: { color: grey, opacity: 0.25 } };

/** One line for each group, over the metrics of a scenario. @param {Row[]} rows @param {Record<string, string>} metrics metric to label */
function throughputChart(rows, metrics) {
  const names = Object.keys(metrics);
  const groups = [...new Set(rows.map(({ contender }) => groupOf(contender)))];
  const series = groups.map((group) => ({
    name: group,
    type: 'line',
    symbolSize: 7,
    lineStyle: { width: group.startsWith('padata') ? 3 : 1.5, type: group === 'main thread' ? 'dashed' : 'solid' },
    data: names.map((metric) => Math.round(bestOfGroups(rows, metric).get(group)?.median ?? 0) || null),
  }));
  return frame('Ordered no-op jobs a second, by jobs in flight (more is better)', {
    xAxis: categories('jobs in flight', Object.values(metrics)),
    yAxis: { type: 'log', axisLabel: { ...text, formatter: short }, splitLine },
    series,
  });
}

/** Two bars for each contender: back to back, and after idleness. @param {Row[]} rows */
function latencyChart(rows) {
  const metrics = { backToBack: 'back to back', afterIdle: 'after 3 ms of idleness' };
  const shown = rows.filter(({ role }) => role !== 'yardstick');
  const groups = [...bestOfGroups(shown, 'backToBack').keys()].reverse();
  const series = Object.entries(metrics).map(([metric, name]) => ({
    name,
    type: 'bar',
    label: { show: true, position: 'right', ...text },
    data: groups.map((group) => Number((bestOfGroups(shown, metric).get(group)?.median ?? 0).toPrecision(3))),
  }));
  return frame(
    'Round trip of a lone no-op job, median in microseconds (less is better)',
    {
      grid: { left: 180, right: 70, top: 50, bottom: 60 },
      xAxis: { type: 'value', axisLabel: text, splitLine },
      yAxis: { type: 'category', axisLabel: text, data: groups },
      series,
    },
    20,
  );
}

/** One line for each curve: "NAME, N CPUs". @param {Row[]} rows */
function scalingChart(rows) {
  const points = rows
    .filter(({ metric }) => metric === 'spin')
    .map(({ contender, median }) => {
      const [, curve, count] = /^(.*), (\d+) CPUs?$/.exec(contender) ?? [];
      return { curve, count: Number(count), median };
    });
  const counts = [...new Set(points.map(({ count }) => count))].sort((a, b) => a - b);
  const curves = [...new Set(points.map(({ curve }) => curve))];
  const series = curves.map((curve) => ({
    name: curve,
    type: 'line',
    symbolSize: 7,
    data: counts.map((count) => {
      const point = points.find((each) => each.curve === curve && each.count === count);
      return point ? Math.round(point.median) : null;
    }),
  }));
  return frame('Ordered jobs of 10 µs a second, by CPUs of the parallel mask, or workers (more is better)', {
    xAxis: categories('CPUs', counts.map(String)),
    yAxis: { type: 'value', axisLabel: { ...text, formatter: short }, splitLine },
    series,
  });
}

/** @param {echarts.EChartsCoreOption} option */
function render(option) {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height: 420 });
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/**
 * The charts for which there are results, by name.
 *
 * @param {Results} results
 * @returns {Record<string, string>}
 */
export function drawCharts({ scenarios }) {
  const rowsOf = (/** @type {string} */ name) => scenarios.find((each) => each.name === name)?.rows ?? [];
  const flights = { n1: '1', n64: '64', n1024: '1024', n16384: '16384' };
  const charts = {
    throughput: rowsOf('noop').length > 0 ? throughputChart(rowsOf('noop'), flights) : undefined,
    latency: rowsOf('lone').length > 0 ? latencyChart(rowsOf('lone')) : undefined,
    scaling: rowsOf('scaling').length > 0 ? scalingChart(rowsOf('scaling')) : undefined,
  };
  const drawn = Object.entries(charts).flatMap(([name, option]) => (option ? [[name, render(option)]] : []));
  return Object.fromEntries(drawn);
}

/** @param {Results} results @param {string} folder @returns {string[]} the files */
export function writeCharts(results, folder) {
  return Object.entries(drawCharts(results)).map(([name, svg]) => {
    const file = join(folder, `${name}.svg`);
    writeFileSync(file, `${svg}\n`);
    return file;
  });
}
