"use strict";
// One page for every press: what each does comes by WebSocket, its course is asked for anew now and then.
const $ = id => document.getElementById(id);
const presses = new Map();
let shown = "", span = 600, charts = null, courseAsked = 0, ordersAsked = 0, mayOperate = false, asked = false;
let token = sessionStorage.getItem("token") || localStorage.getItem("token") || "";

async function ask(method, path, body) {
  const headers = {"Content-Type": "application/json"};
  if (token) headers.Authorization = "Bearer " + token;
  const answer = await fetch("api/" + path, {method, headers, body: body === undefined ? undefined : JSON.stringify(body)});
  const found = await answer.json();
  if (answer.status === 403 && method === "GET") login(found.text);
  if (!answer.ok) throw new Error(found.text || answer.statusText);
  return found;
}

function login(why) {
  $("login").hidden = false;
  $("refused").textContent = token ? why : "";
}

$("login").addEventListener("submit", event => {
  event.preventDefault();
  token = $("token").value.trim();
  localStorage.setItem("token", token);
  $("login").hidden = true;
  start();
});

async function start() {
  try {
    const who = await ask("GET", "service");
    mayOperate = who.may_operate;
    for (const one of await ask("GET", "presses")) presses.set(one.identity, {...one, ...presses.get(one.identity)});
    listen();
  } catch (error) {
    say(error.message);
    if ($("login").hidden) setTimeout(start, 2000);
  }
}

function listen() {
  const address = new URL("api/live", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const socket = new WebSocket(address);
  let heard = Date.now();
  const quiet = setInterval(() => { if (Date.now() - heard > 15000) socket.close(); }, 5000);
  socket.onopen = () => socket.send(JSON.stringify({token}));
  socket.onmessage = event => {
    heard = Date.now();
    const press = JSON.parse(event.data);
    presses.set(press.identity, press);
    draw(press);
    say("");
  };
  socket.onclose = () => {
    clearInterval(quiet);
    say("the service does not answer; the presses go on by themselves");
    setTimeout(start, 1000);
  };
}

function say(text) { $("line").textContent = text; }

function draw(press) {
  const named = decodeURIComponent(location.hash.slice(1));
  shown = presses.has(named) ? named : presses.size === 1 ? press.identity : "";
  const one = presses.get(shown);
  $("one").hidden = $("stops").hidden = !one;
  $("overview").hidden = Boolean(one);
  navigate();
  if (!one) overview();
  else if (press.identity === shown) detail(press);
}

function navigate() {
  const names = presses.size > 1 ? ["", ...[...presses.keys()].sort()] : [];
  const mark = names.join("|") + "#" + shown;
  if ($("presses").dataset.mark === mark) return;
  $("presses").dataset.mark = mark;
  $("presses").replaceChildren(...names.map(name => {
    const link = document.createElement("a");
    link.href = "#" + encodeURIComponent(name);
    link.textContent = name || "all";
    if (name === shown) link.setAttribute("aria-current", "page");
    return link;
  }));
}

window.addEventListener("hashchange", () => {
  courseAsked = ordersAsked = 0;
  for (const press of presses.values()) draw(press);
});

function detail(press) {
  const seen = press.seen || {};
  document.body.dataset.state = press.linked ? seen.state || "" : "lost";
  document.title = press.linked ? `${texts.pressure(seen.pressure_pa)} · ${press.identity}` : `no link · ${press.identity}`;
  const known = seen.pressure_pa !== null && seen.pressure_pa !== undefined;
  $("pressure").textContent = known ? texts.pressure(seen.pressure_pa) : texts.force(seen.force_n);
  $("force").textContent = known ? texts.force(seen.force_n) : "";
  $("set").textContent = seen.pressed ? (known ? texts.pressure(seen.set_pa) + " · " : "") + texts.force(seen.set_n) : "–";
  const off = seen.deviation_n;
  $("deviation").textContent = seen.pressed && off !== null ? `${texts.percent(seen.deviation)} · ${off >= 0 ? "+" : "−"}${texts.force(Math.abs(off))}` : "–";
  const band = seen.band;
  $("band").textContent = band ? `± ${texts.force(band.n)} for ${band.seconds} s (${band.row}: ${band.reaction})` : `${texts.force(seen.limit_n)} in all`;
  $("deviation").className = band && Math.abs(off) > band.n ? "bad" : "";
  $("state").textContent = press.linked ? (seen.ending ? `${seen.state}: ${seen.ending}` : seen.state || "–") : "no link";
  $("sample").textContent = [seen.sample, seen.program].filter(Boolean).join(" · ") || "–";
  $("step").textContent = seen.running ? `${seen.step} of ${seen.steps} · ${seen.step_kind}${seen.step_note ? " · " + seen.step_note : ""}` : "–";
  $("ends").textContent = seen.ends_unix_s ? `${texts.clock(seen.ends_unix_s)} (in ${texts.left(seen.left_s)})` : "–";
  $("travel").textContent = seen.displacement_m === null || seen.displacement_m === undefined ? "–" : (seen.displacement_m * 1000).toFixed(3) + " mm";
  const warm = (seen.temperatures_c || []).filter(value => value !== null);
  $("platens").textContent = warm.map(value => value.toFixed(1) + " °C").join(" · ") || "–";
  $("cells").textContent = (seen.shares || []).map(one => `${one.cell}: ${(one.share * 100).toFixed(1)} %`).join("  ") || "–";
  $("trigger").textContent = seen.trigger_in === undefined ? "–" : seen.trigger_in ? "on" : "off";
  warn(press, seen);
  chain(seen);
  course();
  orders();
}

// A cell that a program has left held can go on in another one: what the press has is asked for when that becomes so.
function chain(seen) {
  const free = mayOperate && Boolean(seen.pressed) && !seen.running && seen.state === "holding";
  if (free && $("chain").hidden) offer();
  $("chain").hidden = !free;
}

async function offer() {
  try {
    const found = await ask("POST", `presses/${encodeURIComponent(shown)}/line`, {form: "query", text: "PROG:CAT?"});
    const names = [...found.answer.matchAll(/"([^"]+)"/g)].map(one => one[1]);
    $("next").replaceChildren(...names.map(name => Object.assign(document.createElement("option"), {textContent: name})));
  } catch (error) {
    $("steered").textContent = error.message;
  }
}

function warn(press, seen) {
  const said = [];
  if (!press.linked) said.push(["bad", `No link: ${press.why}. The press goes on by its program's host-loss policy.`]);
  else if (press.why) said.push(["", press.why]);
  if (seen.trip_reason) said.push(["bad", `Tripped by ${seen.trip_reason}. ${seen.trip_told}`]);
  if (seen.waits_for_person) {
    said.push(["", `${seen.step_note || "Paused"}: it goes on when somebody says so, with START or with Go on below.`]);
    if (!asked) $("steer").open = true;
  }
  asked = Boolean(seen.waits_for_person);
  for (const one of seen.warned || []) said.push(["", one.hint ? `${one.name}: ${one.hint}` : one.name]);
  const mark = JSON.stringify(said);
  if ($("warnings").dataset.mark === mark) return;
  $("warnings").dataset.mark = mark;
  $("warnings").replaceChildren(...said.map(([kind, text]) => {
    const row = document.createElement("li");
    row.className = kind;
    row.textContent = text;
    return row;
  }));
}

async function course() {
  const every = span === 600 ? 2000 : span ? 20000 : 60000;
  if (Date.now() - courseAsked < every) return;
  courseAsked = Date.now();
  const points = Math.min(1200, Math.max(300, $("charts").clientWidth));
  try {
    const found = await ask("GET", `presses/${encodeURIComponent(shown)}/course?points=${points}${span ? "&span_s=" + span : ""}`);
    charts = charts || new Charts($("charts"));
    charts.draw(found);
  } catch (error) {
    say(error.message);
  }
}

async function orders() {
  if (Date.now() - ordersAsked < 5000 || !$("ordered").open) return;
  ordersAsked = Date.now();
  const found = await ask("GET", `presses/${encodeURIComponent(shown)}/orders?most=30`);
  $("orders").replaceChildren(...found.map(one => {
    const row = document.createElement("tr");
    for (const text of [texts.clock(one.unix_s), one.operator, one.text, one.outcome]) row.insertCell().textContent = text;
    return row;
  }));
}

function overview() {
  $("overview").replaceChildren(...[...presses.keys()].sort().map(name => card(presses.get(name))));
}

function card(press) {
  const seen = press.seen || {}, box = document.createElement("article"), link = document.createElement("a");
  box.dataset.state = press.linked ? seen.state || "" : "lost";
  link.href = "#" + encodeURIComponent(press.identity);
  const rows = [press.identity, texts.pressure(seen.pressure_pa ?? null), texts.force(seen.force_n),
    press.linked ? seen.state : "no link", seen.sample || "", seen.ends_unix_s ? "ends " + texts.clock(seen.ends_unix_s) : "",
    seen.trip_reason ? "tripped by " + seen.trip_reason : (seen.warnings || []).join(", ")];
  for (const text of rows) link.append(Object.assign(document.createElement("span"), {textContent: text}));
  box.append(link, ...["controlled", "hold", "vent"].map((kind, i) => {
    const button = document.createElement("button");
    Object.assign(button, {textContent: ["Stop", "Stop, hold", "Vent"][i], disabled: !mayOperate, onclick: () => stop(press.identity, kind)});
    button.dataset.stop = kind;
    return button;
  }));
  return box;
}

async function stop(identity, kind) {
  const began = performance.now(), path = `presses/${encodeURIComponent(identity)}`;
  try {
    await (kind === "vent" ? ask("POST", `${path}/abort`) : ask("POST", `${path}/stop`, {kind}));
    $("stopped").textContent = `${identity}: stop (${kind}) taken after ${Math.round(performance.now() - began)} ms`;
  } catch (error) {
    $("stopped").textContent = `${identity} NOT STOPPED: ${error.message}`;
  }
}

async function steer(text) {
  try {
    await ask("POST", `presses/${encodeURIComponent(shown)}/line`, {form: "command", text});
    $("steered").textContent = `${text}: taken`;
  } catch (error) {
    $("steered").textContent = error.message;
  }
}

function newtons(text) {
  const value = Number(text.replace(",", ".")), area = (presses.get(shown).seen || {}).area_m2, unit = $("unit").value;
  if (!text.trim() || !Number.isFinite(value)) throw new Error(`${text} is no number`);
  if (unit !== "N" && !area) throw new Error("no area is known: the program in force tells none");
  return (unit === "N" ? value : value * (unit === "MPa" ? 1e6 : 1e3) * area).toFixed(2);
}

for (const button of document.querySelectorAll("#steer [data-steer]"))
  button.addEventListener("click", () => { if (!button.dataset.sure || confirm(button.dataset.sure)) steer(button.dataset.steer); });
$("unit").addEventListener("change", () => { $("per").textContent = $("unit").value + "/s"; });
$("setpoint").addEventListener("submit", event => {
  event.preventDefault();
  try {
    const rate = $("rate").value.trim() ? "," + newtons($("rate").value) : "", to = newtons($("to").value);
    if (confirm(`Set-point of ${shown} to ${$("to").value} ${$("unit").value} (${texts.force(Number(to))})?`)) steer(`PROG:SETP ${to}${rate}`);
  } catch (error) {
    $("steered").textContent = error.message;
  }
});
$("steer").addEventListener("toggle", offer);
$("chain").addEventListener("submit", event => {
  event.preventDefault();
  const name = $("next").value;
  if (name && confirm(`${name} on ${shown}, from the cell that is held?`)) steer(`PROG:STAR "${name}","","",HELD`);
});
$("note").addEventListener("submit", event => {
  event.preventDefault();
  steer(`LOG:NOTE "${$("remark").value.replaceAll('"', '""')}"`);
  $("remark").value = "";
});
for (const button of document.querySelectorAll("#stops button"))
  button.addEventListener("click", () => stop(shown, button.dataset.stop));
for (const button of document.querySelectorAll("#spans button"))
  button.addEventListener("click", () => {
    span = Number(button.dataset.span);
    courseAsked = 0;
    for (const other of document.querySelectorAll("#spans button")) other.setAttribute("aria-pressed", String(other === button));
    course();
  });
document.querySelector("#spans button").setAttribute("aria-pressed", "true");
$("ordered").addEventListener("toggle", () => { ordersAsked = 0; });
start();
