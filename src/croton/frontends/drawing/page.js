"use strict";
// Stages, moving, zooming, searching and choosing; the drawings themselves come ready in templates.
(() => {
  const scenes = JSON.parse(document.getElementById("data").textContent);
  const canvas = document.getElementById("canvas");
  const facts = document.getElementById("facts");
  const hint = facts.innerHTML;
  const stage = document.getElementById("stage");
  const search = document.getElementById("search");
  const matches = document.getElementById("matches");
  let scene, svg, view, whole, found = [], shown = -1;

  const nodes = () => [...svg.querySelectorAll(".node")];
  const boxOf = (node) => scene.boxes[Number(node.dataset.box)];

  function show(number) {
    scene = scenes[number];
    const template = document.querySelector(`template[data-scene="${number}"]`);
    canvas.replaceChildren(template.content.firstElementChild.cloneNode(true));
    svg = canvas.firstElementChild;
    const { x, y, width, height } = svg.viewBox.baseVal;
    whole = { x, y, width, height };
    facts.innerHTML = hint;
    start();
    find();
  }

  // The view: the part of the drawing that fills the canvas, in the proportions of the canvas.
  function setView(next) {
    view = next;
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
  }

  function fit() {
    const ratio = canvas.clientWidth / Math.max(canvas.clientHeight, 1);
    const width = Math.max(whole.width, whole.height * ratio, 300);
    const height = width / ratio;
    setView({
      x: whole.x + (whole.width - width) / 2, y: whole.y + (whole.height - height) / 2, width, height,
    });
  }

  // All of it where that can be read, else its top.
  function start() {
    fit();
    if (view.width <= 1.8 * canvas.clientWidth) return;
    const width = 1.25 * canvas.clientWidth;
    const height = view.height * (width / view.width);
    setView({ x: whole.x + (whole.width - width) / 2, y: whole.y, width, height });
  }

  function zoom(factor, atX = 0.5, atY = 0.5) {
    const width = Math.min(Math.max(view.width * factor, 60), 40 * Math.max(whole.width, whole.height));
    const height = view.height * (width / view.width);
    setView({
      x: view.x + (view.width - width) * atX, y: view.y + (view.height - height) * atY, width, height,
    });
  }

  function move(dx, dy) {
    setView({ ...view, x: view.x + dx * view.width, y: view.y + dy * view.height });
  }

  function centre(node) {
    const box = node.getBBox();
    const width = Math.min(view.width, 900);
    const height = view.height * (width / view.width);
    setView({ x: box.x + box.width / 2 - width / 2, y: box.y + box.height / 2 - height / 2, width, height });
  }

  // Searching: every word must occur in what is told of a box.
  function find() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (box) => [box.label, box.kind, box.type, ...Object.values(box.facts)].join(" ").toLowerCase();
    found = words.length ? nodes().filter((node) => words.every((w) => text(boxOf(node)).includes(w))) : [];
    shown = -1;
    nodes().forEach((node) => node.classList.toggle("found", found.includes(node)));
    svg.classList.toggle("searching", words.length > 0);
    matches.value = words.length ? `${found.length} found` : "";
  }

  function next(step) {
    if (!found.length) return;
    shown = (shown + step + found.length) % found.length;
    matches.value = `${shown + 1} of ${found.length}`;
    choose(found[shown]);
    centre(found[shown]);
  }

  // Choosing: what is known of one box.
  function element(tag, text) {
    const made = document.createElement(tag);
    made.textContent = text;
    return made;
  }

  function choose(node) {
    const number = Number(node.dataset.box);
    const box = scene.boxes[number];
    svg.querySelectorAll(".chosen").forEach((other) => other.classList.remove("chosen"));
    node.classList.add("chosen");
    svg.querySelectorAll(`.edge[data-from="${number}"], .edge[data-to="${number}"]`)
      .forEach((edge) => edge.classList.add("chosen"));
    const list = document.createElement("dl");
    const add = (name, text, tag = "dd") => {
      if (!text) return;
      list.append(element("dt", name), element(tag, text));
    };
    const names = (pairs) => pairs.map((other) => `${scene.boxes[other].label}: ${scene.boxes[other].type}`);
    add("type", box.type);
    add("line", box.facts.line);
    add("name", box.facts.name);
    add("operation", box.facts.operation);
    add("requires", box.facts.requires);
    add("reads", names(scene.edges.filter((e) => e[1] === number).map((e) => e[0])).join("\n"));
    add("read by", names(scene.edges.filter((e) => e[0] === number).map((e) => e[1])).join("\n"));
    const group = box.group === null ? null : scene.groups[box.group];
    if (group) {
      add("computed with", group.label);
      add("time", group.time);
      add("C", group.c, "pre");
    }
    add("body", box.facts.body, "pre");
    facts.replaceChildren(element("h2", box.label), list);
    facts.scrollTop = 0;
  }

  let drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    drag = { x: event.clientX, y: event.clientY, view, node: event.target.closest(".node"), far: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
    drag.far = drag.far || Math.hypot(dx, dy) > 4;
    if (!drag.far) return;
    canvas.classList.add("moving");
    const scale = drag.view.width / canvas.clientWidth;
    setView({ ...view, x: drag.view.x - dx * scale, y: drag.view.y - dy * scale });
  });
  canvas.addEventListener("pointerup", () => {
    if (drag && !drag.far && drag.node) choose(drag.node);
    drag = null;
    canvas.classList.remove("moving");
  });
  canvas.addEventListener("pointercancel", () => { drag = null; });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const frame = canvas.getBoundingClientRect();
    zoom(Math.exp(event.deltaY * 0.0015), (event.clientX - frame.left) / frame.width,
      (event.clientY - frame.top) / frame.height);
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const node = event.target.closest(".node");
    const moves = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };
    if (node && (event.key === "Enter" || event.key === " ")) choose(node);
    else if (moves[event.key]) move(...moves[event.key]);
    else if (event.key === "+" || event.key === "=") zoom(0.8);
    else if (event.key === "-") zoom(1.25);
    else if (event.key === "0") fit();
    else return;
    event.preventDefault();
  });
  stage.addEventListener("change", () => show(Number(stage.value)));
  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") next(event.shiftKey ? -1 : 1);
  });
  document.getElementById("closer").addEventListener("click", () => zoom(0.8));
  document.getElementById("farther").addEventListener("click", () => zoom(1.25));
  document.getElementById("fit").addEventListener("click", fit);
  window.addEventListener("resize", start);
  stage.value = String(scenes.length - 1);
  show(scenes.length - 1);
})();
