// Charts of the back office. A chart is a box with data-chart (JSON: labels, series, words; `apart` sets the bars side by side); the table below it says the same in words.
import { use, init } from "echarts/core";
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

const COLOURS = ["#4f46e5", "#f2b430", "#0f8f8c", "#d2547e", "#7c8598", "#6fb1f0"];

function option(data, narrow, rtl, number, short) {
  return {
    color: COLOURS,
    animationDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 400,
    textStyle: { fontFamily: "Rubik, sans-serif", color: "#4b4f66" },
    aria: { enabled: true, label: { description: data.description } },
    grid: { left: rtl ? 8 : 4, right: rtl ? 4 : 8, top: 44, bottom: 4, containLabel: true },
    legend: { top: 0, left: rtl ? "right" : "left", itemWidth: 10, itemHeight: 10, icon: "roundRect", itemGap: 18, textStyle: { color: "#4b4f66", fontSize: 13 } },
    // Rich text, not HTML: an HTML tooltip would need inline styles, which the Content-Security-Policy refuses.
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      axisPointer: { type: "shadow", shadowStyle: { color: "rgba(79,70,229,.07)" } },
      backgroundColor: "#1e1b3a",
      borderWidth: 0,
      padding: [10, 12],
      textStyle: { color: "#fff", fontSize: 12, lineHeight: 18 },
      formatter: (rows) =>
        [data.titles[rows[0].dataIndex], ...rows.map((row) => `${row.seriesName}  ${number.format(row.value)}`)].join("\n"),
    },
    xAxis: {
      type: "category",
      inverse: rtl,
      data: data.labels,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: "#dcdce8" } },
      axisLabel: { color: "#5b5f76", fontSize: 12, hideOverlap: true, interval: narrow ? "auto" : 0 },
    },
    yAxis: {
      type: "value",
      position: rtl ? "right" : "left",
      splitNumber: 4,
      splitLine: { lineStyle: { color: "#ebebf3", type: [4, 4] } },
      axisLabel: { color: "#5b5f76", fontSize: 12, formatter: (value) => short.format(value) },
    },
    series: data.series.map((one, index) => ({
      type: "bar",
      name: one.name,
      stack: data.apart ? undefined : "total",
      data: one.values,
      barMaxWidth: 26,
      emphasis: { focus: "series" },
      itemStyle: { borderRadius: data.apart || index === data.series.length - 1 ? [5, 5, 0, 0] : 0 },
    })),
  };
}

function draw(box) {
  const data = JSON.parse(box.dataset.chart);
  const rtl = document.documentElement.dir === "rtl";
  const locale = document.documentElement.lang;
  const number = new Intl.NumberFormat(locale, { style: "currency", currency: data.currency });
  const short = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
  const chart = init(box, null, { renderer: "svg" });
  const refresh = () => chart.setOption(option(data, box.clientWidth < 560, rtl, number, short));
  refresh();
  new ResizeObserver(() => {
    chart.resize();
    refresh();
  }).observe(box);
  box.dataset.drawn = "yes";
}

function all(root) {
  for (const box of root.querySelectorAll("[data-chart]:not([data-drawn])")) draw(box);
}

document.fonts.ready.then(() => all(document));
document.addEventListener("htmx:after:swap", () => all(document));
