"use strict";

const SECONDS_BETWEEN_LOOKS = 3;
// As the report draws heat: from dark to bright, its strength the root of the warmth.
const HEAT = [[0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]];

const get = id => document.getElementById(id);
const percent = (value, digits = 3) => value.toFixed(digits);
let models = [], mostBytes = Infinity, asked = 0, shownPicture = null;

const fill = (list, texts) => list.replaceChildren(...texts.map(text => {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}));

function chosen() {
  return models.find(model => model.name === get("model").value) || models[0];
}

function describe(model) {
  const failed = model.versions.filter(one => one.error).map(one => `version ${one.version} cannot be served: ${one.error}`);
  if (!model.version) return [`Model ${model.name}: no version is served.`, failed];
  return [`Model ${model.name}, version ${model.version} (${choice(model)})`, [...model.notes, ...failed]];
}

function choice(model) {
  if ("stable" in model.labels) return "label stable";
  const labels = Object.entries(model.labels).map(([label, version]) => `${label} ${version}`);
  return labels.length ? `newest version; labels: ${labels.join(", ")}` : "newest version";
}

// As many digits as tell a score from its threshold: 0.4997 must not read as 0.500. Beyond eight, float32 has none.
function digitsFor(score, threshold) {
  let digits = 3;
  while (digits < 8 && score !== threshold && percent(score, digits) === percent(threshold, digits)) digits++;
  return digits;
}

function showModel() {
  const model = chosen();
  const [line, notes] = model ? describe(model) : ["No model is served yet; waiting for one.", []];
  get("served").textContent = line;
  fill(get("notes"), notes);
  const gate = (model && model.gate) || [];
  fill(get("gate"), gate.map(rule => `${rule.passed ? "passed" : "not passed"}: ${rule.message}`));
  get("gate-details").hidden = !gate.length;
  get("about").hidden = !notes.length && !gate.length;
}

async function look() {
  try {
    const told = await (await fetch("/cxr/models")).json();
    models = told.models;
    mostBytes = told.film_bytes;
    const select = get("model"), before = select.value;
    if ([...select.options].map(one => one.value).join("\n") !== models.map(one => one.name).join("\n")) {
      select.replaceChildren(...models.map(model => new Option(model.name, model.name)));
      if (models.some(model => model.name === before)) select.value = before;
    }
    get("choose").hidden = models.length < 2;
    showModel();
  } catch {
    get("served").textContent = "The server does not answer.";
  }
}

function fail(message) {
  get("status").textContent = "";
  get("result").hidden = true;
  const problem = get("problem");
  problem.hidden = false;
  problem.textContent = message;
}

function inWords(status, message) {
  if (status === 404) return "No model is served yet. Push one, or start cxr serve with --models; then choose the film again.";
  if (status === 413) return "The film is too big for this server. Export it smaller.";
  if (status === 503 || status === 429) return "The server is busy. Choose the film again in a moment.";
  return `No answer for this film: ${message.split("\n")[0]}`;
}

async function ask(film) {
  const turn = ++asked, model = chosen();
  get("problem").hidden = true;
  if (!model) return fail(inWords(404));
  if (!film.size) return fail("The file is empty. Choose another.");
  if (film.size > mostBytes) return fail(inWords(413));
  get("status").textContent = `Reading ${film.name}…`;
  let reply, answer;
  try {
    reply = await fetch(`/cxr/film?model=${encodeURIComponent(model.name)}`, {method: "POST", body: film});
    answer = await reply.json();
  } catch {
    if (turn === asked) fail("The server does not answer. Is cxr serve still running?");
    return;
  }
  if (turn !== asked) return;
  if (!reply.ok) return fail(inWords(reply.status, answer.error));
  await show(film, answer, turn);
}

async function show(film, answer, turn) {
  const picture = get("picture");
  if (shownPicture) URL.revokeObjectURL(shownPicture);
  shownPicture = answer.picture ? null : URL.createObjectURL(film);
  picture.src = answer.picture ? `data:image/png;base64,${answer.picture}` : shownPicture;
  picture.alt = `The film ${film.name}`;
  get("verdict").textContent = answer.label;
  const digits = answer.threshold === undefined ? 3 : digitsFor(answer.score, answer.threshold);
  tell(answer, digits);
  const rows = Object.entries(answer.probabilities).map(([name, value]) => {
    const row = document.createElement("tr"), head = document.createElement("th");
    head.scope = "row";
    head.textContent = name;
    row.append(head);
    row.insertCell().textContent = percent(value, digits);
    row.cells[1].className = "n";
    return row;
  });
  get("probabilities").replaceChildren(...rows);
  get("version").textContent = `Answered by model ${answer.model}, version ${answer.version}. Not a diagnosis.`;
  get("heat-help").textContent = `What of the film made the network say ${answer.label} (Grad-CAM). It says where the network looked, not where a finding is.`;
  get("result").hidden = false;
  await Promise.all([picture.decode().catch(() => undefined), drawHeat(answer.heat_map)]);
  if (turn !== asked) return;
  place();
  get("status").textContent = `${film.name}: answered.`;
  get("verdict").focus();
  look();
}

function tell(answer, digits) {
  const known = answer.threshold !== undefined;
  const positive = known ? answer.positive : "the positive class";
  get("sentence").textContent = `Score ${percent(answer.score, digits)}, the probability of ${positive}` +
    (known ? `; ${answer.is_positive ? "at or above" : "below"} the threshold of ${percent(answer.threshold, digits)}.` : ".");
  get("fill").style.width = `${100 * answer.score}%`;
  get("mark").hidden = !known;
  get("mark").style.left = `${100 * (answer.threshold || 0)}%`;
  get("mark-text").textContent = known ? `threshold ${percent(answer.threshold, digits)}` : "";
  get("scale").setAttribute("aria-label", get("sentence").textContent);
}

async function drawHeat(base64) {
  const map = new Image();
  map.src = `data:image/png;base64,${base64}`;
  await map.decode();
  const canvas = get("heat"), pen = canvas.getContext("2d", {willReadFrequently: true});
  canvas.width = map.naturalWidth;
  canvas.height = map.naturalHeight;
  pen.drawImage(map, 0, 0);
  const pixels = pen.getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < pixels.data.length; at += 4) {
    const warmth = pixels.data[at] / 255, step = Math.min(warmth * (HEAT.length - 1), HEAT.length - 1.001);
    const from = HEAT[Math.floor(step)], to = HEAT[Math.floor(step) + 1], part = step % 1;
    for (let channel = 0; channel < 3; channel++) pixels.data[at + channel] = from[channel] + part * (to[channel] - from[channel]);
    pixels.data[at + 3] = 255 * Math.sqrt(warmth);
  }
  pen.putImageData(pixels, 0, 0);
}

// The map is stretched over the film as the film was for the network.
function place() {
  const picture = get("picture"), style = get("heat").style;
  style.left = `${picture.offsetLeft}px`;
  style.top = `${picture.offsetTop}px`;
  style.width = `${picture.offsetWidth}px`;
  style.height = `${picture.offsetHeight}px`;
}

function fade() {
  const value = get("opacity").value;
  get("heat").style.opacity = value / 100;
  get("opacity-value").textContent = `${value} %`;
  get("opacity").setAttribute("aria-valuetext", `${value} %`);
}

get("film").addEventListener("change", event => {
  const [film] = event.target.files;
  if (film) ask(film);
  event.target.value = "";  // so that the same film can be chosen again
});
get("model").addEventListener("change", showModel);
get("opacity").addEventListener("input", fade);
new ResizeObserver(place).observe(get("picture"));

// Anywhere on the page: a film dropped beside the field would otherwise replace the page.
addEventListener("dragover", event => { event.preventDefault(); get("drop").classList.add("over"); });
addEventListener("dragleave", () => get("drop").classList.remove("over"));
addEventListener("drop", event => {
  event.preventDefault();
  get("drop").classList.remove("over");
  const films = event.dataTransfer.files;
  if (films.length > 1) fail("One film at a time: drop a single file.");
  else if (films.length) ask(films[0]);
});

fade();
look();
setInterval(() => { if (!document.hidden) look(); }, 1000 * SECONDS_BETWEEN_LOOKS);
