// The photo that is painted on: tools, view, pointers and keys. Pointers and keys make the same gestures.
const MAX_ZOOM = 8;
const TOOL_KEYS = { b: "brush", e: "eraser", r: "rectangle", l: "lasso", f: "fill", m: "move" };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class Stage {
  /*
   * editor.part(tool)            the mask's part to paint on; null if there is none
   * editor.remove(part, active)  the part was added for a gesture that is taken back; `active` was the active one before
   * editor.finished(part, before, tool)  a gesture has changed its mask, whose alpha was `before`
   * editor.changed(part)         its mask has changed in the same gesture again
   * editor.say(text)             shows the visitor a sentence
   */
  constructor(root, editor) {
    Object.assign(this, { root, editor, tool: "brush", view: { scale: 1, x: 0, y: 0 }, pointers: new Map(), gesture: null });
    [this.element, this.board, this.outline, this.cursor, this.range, this.tolerance, this.everywhere] =
      [".stage", ".board", ".outline", ".cursor", ".size input", ".tolerance input", ".everywhere input"].map((name) => root.querySelector(name));
    this.element.onpointerdown = (event) => this.pointerDown(event);
    this.element.onpointermove = (event) => this.pointerMove(event);
    this.element.onpointerup = this.element.onpointercancel = (event) => this.pointerUp(event);
    this.element.onkeydown = (event) => this.key(event);
    this.element.onblur = () => this.gesture?.isKey && this.end();
    this.element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.range.oninput = () => this.showCursor();
    this.tolerance.oninput = this.everywhere.oninput = () => this.fillAgain();
  }
  show(source, ratio, width, height) {
    if (this.source === source) return;
    Object.assign(this, { source, width, height, point: [width / 2, height / 2], colours: null, filling: null });
    this.root.querySelector(".board img").src = source;
    this.element.style.setProperty("--ratio", ratio);
    Object.assign(this.outline, { width, height });
    this.zoom(0);
  }
  choose(tool) {
    this.cancel();
    this.tool = tool;
    this.root.dataset.tool = tool;
    this.showCursor();
  }

  // Gestures: `begin`, `move` and `end`, with points of the mask.

  get draws() {
    return this.tool === "brush" || this.tool === "eraser";
  }
  get encloses() {
    return this.tool === "rectangle" || this.tool === "lasso";
  }
  begin(point, pressure = 1) {
    const earlier = this.editor.state.active;
    const part = this.tool === "move" ? null : this.editor.part(this.tool);
    if (!part && this.tool !== "move") return;
    this.gesture = { part, points: [point], before: part?.mask.alpha, width: this.brushWidth * pressure, earlier };
    if (this.draws) this.line(point, point);
  }
  move(point) {
    const { gesture, pixel } = this;
    if (!gesture) return;
    const [[x, y], last] = [gesture.points[0], gesture.points.at(-1)];
    if (this.tool === "move") return this.pan((point[0] - x) * pixel, (point[1] - y) * pixel);
    if (this.draws) this.line(last, point);
    gesture.points.push(point);
    if (this.encloses) this.drawOutline(this.area());
  }
  async end() {
    const { gesture, tool } = this;
    if (gesture?.part && this.encloses) gesture.part.mask.context.fill(this.area());
    this.gesture = null;
    this.clearOutline();
    if (!gesture?.part) return;
    const { part, before, points } = gesture;
    if (tool === "fill") await this.fill(part, before, points.at(-1));
    this.editor.finished(part, before, tool);
    this.filling = tool === "fill" ? { part, before, point: points.at(-1), rev: part.rev } : null;
  }
  async fill(part, before, point) {
    this.colours ??= coloursOf(this.source, this.width, this.height);
    const found = colourMask(await this.colours, point, this.tolerance.value);
    const area = this.everywhere.checked ? found : connected(found, before, this.width, point);
    part.mask.alpha = before.map((value, i) => Math.max(value, area[i]));
  }
  async fillAgain() { // with another tolerance, while nothing else has changed
    const { filling } = this;
    if (!filling || filling.part.rev !== filling.rev) return;
    await this.fill(filling.part, filling.before, filling.point);
    this.editor.changed(filling.part);
    filling.rev = filling.part.rev;
  }
  cancel() {
    const { gesture } = this;
    this.gesture = null;
    this.clearOutline();
    if (!gesture?.part) return;
    gesture.part.mask.alpha = gesture.before;
    if (gesture.part.id !== gesture.earlier) this.editor.remove(gesture.part, gesture.earlier);
  }
  line(from, to) {
    const { context } = this.gesture.part.mask;
    context.globalCompositeOperation = this.tool === "eraser" ? "destination-out" : "source-over";
    context.lineWidth = this.gesture.width;
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
    context.globalCompositeOperation = "source-over";
  }
  area() {
    const { points } = this.gesture;
    const path = new Path2D();
    const [[left, top], [right, bottom]] = [points[0], points.at(-1)];
    if (this.tool === "rectangle") path.rect(left, top, right - left, bottom - top);
    else points.forEach((point, index) => (index ? path.lineTo(...point) : path.moveTo(...point)));
    path.closePath();
    return path;
  }
  drawOutline(path) {
    this.clearOutline();
    const context = this.outline.getContext("2d");
    for (const [strokeStyle, width] of [["#000", 4], ["#fff", 2]]) {
      Object.assign(context, { strokeStyle, lineWidth: width / this.pixel });
      context.stroke(path);
    }
  }
  clearOutline() {
    this.outline.getContext("2d").clearRect(0, 0, this.outline.width, this.outline.height);
  }

  // View.

  get pixel() { // the size of a mask's pixel on the screen, in CSS pixels
    return (this.element.clientWidth / this.width) * this.view.scale || 1;
  }
  get brushWidth() { // in pixels of the mask
    return ((0.01 + 0.003 * this.range.value) * Math.max(this.width, this.height)) / this.view.scale;
  }
  zoom(steps, [x, y] = [this.element.clientWidth / 2, this.element.clientHeight / 2]) {
    const { view } = this;
    const scale = steps ? Math.min(MAX_ZOOM, Math.max(1, view.scale * 1.5 ** steps)) : 1;
    const grown = scale / view.scale;
    Object.assign(view, { scale, x: x - (x - view.x) * grown, y: y - (y - view.y) * grown });
    this.pan(0, 0);
  }
  pan(x, y) {
    const { view, element } = this;
    view.x = Math.min(0, Math.max(element.clientWidth * (1 - view.scale), view.x + x));
    view.y = Math.min(0, Math.max(element.clientHeight * (1 - view.scale), view.y + y));
    this.board.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
    this.board.style.setProperty("--scale", view.scale);
    this.showCursor();
  }
  showCursor() {
    const size = this.draws ? this.brushWidth : 12 / this.pixel;
    const percent = (value, whole) => `${(100 * value) / whole}%`;
    this.cursor.classList.toggle("shown", this.tool !== "move");
    this.cursor.classList.toggle("down", Boolean(this.gesture));
    const [left, top] = [percent(this.point[0], this.width), percent(this.point[1], this.height)];
    Object.assign(this.cursor.style, { left, top, width: percent(size, this.width), height: percent(size, this.height) });
  }

  // Pointers.

  place({ clientX, clientY }) {
    const box = this.board.getBoundingClientRect();
    return [((clientX - box.left) / box.width) * this.width, ((clientY - box.top) / box.height) * this.height];
  }
  pointerDown(event) {
    if (event.button) return;
    this.element.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size > 1) return this.cancel(); // two fingers move and zoom the photo
    this.point = this.place(event);
    this.begin(this.point, event.pointerType === "pen" ? 0.3 + event.pressure : 1);
    this.showCursor();
  }
  pointerMove(event) {
    const isDown = this.pointers.has(event.pointerId);
    if (isDown && this.pointers.size > 1) return this.pinch(event);
    this.point = this.place(event);
    if (isDown && this.tool === "move") this.move(this.point);
    else if (isDown) for (const each of [...(event.getCoalescedEvents?.() ?? []), event]) this.move(this.place(each));
    this.showCursor();
  }
  pointerUp(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    if (event.type === "pointerup") this.end();
    else this.cancel();
    this.showCursor();
  }
  pinch(event) {
    const spread = ([a, b]) => ({
      x: (a.clientX + b.clientX) / 2,
      y: (a.clientY + b.clientY) / 2,
      far: Math.max(1, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)),
    });
    const before = spread([...this.pointers.values()]);
    this.pointers.set(event.pointerId, event);
    const after = spread([...this.pointers.values()]);
    this.zoomAt(before.x, before.y, Math.log(after.far / before.far) / Math.log(1.5));
    this.pan(after.x - before.x, after.y - before.y);
  }
  zoomAt(x, y, steps) {
    const box = this.element.getBoundingClientRect();
    if (steps) this.zoom(steps, [x - box.left, y - box.top]);
  }
  wheel(event) {
    if (!event.ctrlKey && this.view.scale === 1) return; // the page scrolls
    event.preventDefault();
    if (event.ctrlKey) this.zoomAt(event.clientX, event.clientY, -event.deltaY / 100);
    else this.pan(-event.deltaX, -event.deltaY);
  }

  // Keys.

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const resize = (change) => (this.range.value = Number(this.range.value) + change);
    const acts = {
      " ": () => this.press(),
      Enter: () => this.press(),
      Escape: () => this.cancel(),
      "+": () => this.zoom(1),
      "-": () => this.zoom(-1),
      "[": () => resize(-5),
      "]": () => resize(5),
    };
    if (ARROWS[event.key]) this.step(ARROWS[event.key], event.shiftKey ? 0.1 : 0.02);
    else if (TOOL_KEYS[event.key]) this.editor.chooseTool(TOOL_KEYS[event.key]);
    else if (acts[event.key]) acts[event.key]();
    else return;
    event.preventDefault();
    this.showCursor();
  }
  press() {
    if (this.gesture) return this.end();
    this.begin(this.point);
    if (!this.gesture) return;
    if (this.tool === "fill") return this.end();
    this.gesture.isKey = true;
    const [x, y] = [this.point[0] / this.width, this.point[1] / this.height].map((share) => Math.round(100 * share));
    this.editor.say(`The ${this.tool} is down, ${x} % from the left and ${y} % from the top.`);
  }
  step([x, y], share) {
    const { width, height, element, view } = this;
    const far = (share * Math.max(width, height)) / view.scale;
    if (this.tool === "move") return this.pan(-x * far * this.pixel, -y * far * this.pixel);
    const clamp = (value, most) => Math.min(most, Math.max(0, value));
    this.point = [clamp(this.point[0] + x * far, width), clamp(this.point[1] + y * far, height)];
    this.move(this.point);
    const outside = (place, size) => Math.min(0, place) + Math.max(0, place - size);
    const [left, top] = [view.x + this.point[0] * this.pixel, view.y + this.point[1] * this.pixel];
    this.pan(-outside(left, element.clientWidth), -outside(top, element.clientHeight));
  }
}
