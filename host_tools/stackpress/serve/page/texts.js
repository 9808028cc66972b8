"use strict";
// How numbers are written; the same as on the command line.
const texts = {
  force(n) {
    if (n === null || n === undefined) return "–";
    if (Math.abs(n) < 0.05) return "0.0 N";
    if (Math.abs(n) >= 10000) return (n / 1000).toFixed(2) + " kN";
    return Math.abs(n) < 1000 ? n.toFixed(1) + " N" : (n / 1000).toFixed(3) + " kN";
  },
  pressure(pa) {
    if (pa === null || pa === undefined) return "–";
    if (Math.abs(pa) >= 1e8) return (pa / 1e6).toFixed(1) + " MPa";
    return Math.abs(pa) >= 1e6 ? (pa / 1e6).toFixed(3) + " MPa" : (pa / 1e3).toFixed(1) + " kPa";
  },
  percent(part) {
    return part === null || part === undefined ? "–" : (part >= 0 ? "+" : "−") + Math.abs(part * 100).toFixed(2) + " %";
  },
  clock(unix) {
    const then = new Date(unix * 1000), soon = Math.abs(unix * 1000 - Date.now()) < 20 * 3600e3;
    const time = then.toLocaleTimeString([], {hour: "2-digit", minute: "2-digit", second: soon ? "2-digit" : undefined});
    return soon ? time : then.toLocaleDateString([], {weekday: "short", day: "numeric", month: "short"}) + " " + time;
  },
  left(s) {
    if (s < 60) return Math.round(s) + " s";
    if (s < 3600) return Math.floor(s / 60) + " min";
    if (s < 86400) return Math.floor(s / 3600) + " h " + Math.floor(s % 3600 / 60) + " min";
    return Math.floor(s / 86400) + " d " + Math.floor(s % 86400 / 3600) + " h";
  },
};
