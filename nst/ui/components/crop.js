// The part of a photo that is painted, as a frame over the photo that pointers and keys move. Places are fractions of the turned photo.
const LEAST = 0.08; // of width and height
const REACH = 26; // pixels from an edge at which a pointer takes hold of it
const STEP = 0.02; // of a key
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".crop");
  root.cropper ??= new Cropper(root);
  root.cropper.update(data, setTriggerValue);
}

class Cropper {
  constructor(root) {
    this.root = root;
    [this.stage, this.canvas, this.frame, this.status] = [".stage", "canvas", ".frame", ".status"].map((name) => root.querySelector(name));
    this.stage.onpointerdown = (event) => this.pointerDown(event);
    this.stage.onpointermove = (event) => this.grip && this.drag(this.place(event));
    this.stage.onpointerup = this.stage.onpointercancel = () => this.drop();
    this.frame.onkeydown = (event) => this.key(event);
    root.querySelector(".turns").onclick = ({ target }) => this.turn(Number(target.closest("button")?.value ?? 0));
    root.querySelector(".shapes").onchange = () => this.fit();
    root.querySelector(".all").onclick = () => this.reset();
    root.querySelector(".use").onclick = () => this.send("crop", { turns: this.turns, box: this.box });
    root.querySelector(".cancel").onclick = () => this.send("cancel", true);
  }
  update(data, send) {
    this.send = send;
    if (this.photo === data.photo) return;
    Object.assign(this, { photo: data.photo, ratio: data.ratio, turns: data.turns, box: [...data.box], grip: null });
    this.image = new Image();
    this.image.onload = () => this.draw();
    this.image.src = data.photo;
    this.show();
  }
  get shown() { // width over height of the turned photo
    return this.turns % 2 ? 1 / this.ratio : this.ratio;
  }
  get shape() { // width over height of the frame, as it is shown; 0 for any
    const shape = Number(this.root.querySelector(".shapes :checked").value);
    const [left, top, right, bottom] = this.box;
    return shape && (right - left) * this.shown < bottom - top ? 1 / shape : shape;
  }
  draw() {
    const { image, canvas } = this;
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    [canvas.width, canvas.height] = this.turns % 2 ? [height, width] : [width, height];
    const context = canvas.getContext("2d");
    context.translate(canvas.width / 2, canvas.height / 2);
    context.rotate((this.turns * Math.PI) / 2);
    context.drawImage(image, -width / 2, -height / 2);
  }
  show() {
    const [left, top, right, bottom] = this.box;
    const percent = (value) => `${100 * value}%`;
    Object.assign(this.frame.style, { left: percent(left), top: percent(top), right: percent(1 - right), bottom: percent(1 - bottom) });
    this.stage.style.setProperty("--ratio", this.shown);
  }
  say() {
    const [left, top, right, bottom] = this.box.map((value) => Math.round(100 * value));
    this.status.textContent = `${right - left} % of the width and ${bottom - top} % of the height are used.`;
  }
  place(event) {
    const area = this.stage.getBoundingClientRect();
    return [(event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height];
  }
  pointerDown(event) {
    if (this.grip || event.button) return;
    const [x, y] = this.place(event), [left, top, right, bottom] = this.box;
    const area = this.stage.getBoundingClientRect(), near = [REACH / area.width, REACH / area.height];
    const edge = (at, low, high, reach) => (Math.abs(at - low) < Math.min(reach, (high - low) / 3) ? -1 : Math.abs(at - high) < Math.min(reach, (high - low) / 3) ? 1 : 0);
    const isNear = x > left - near[0] && x < right + near[0] && y > top - near[1] && y < bottom + near[1];
    let side = isNear ? [edge(x, left, right, near[0]), edge(y, top, bottom, near[1])] : [1, 1];
    if (!isNear) this.box = [x, y, x, y].map((value) => clamp(value, 0, 1)); // a new frame is drawn
    if (this.shape && side.some(Boolean)) side = side.map((each) => each || 1);
    this.grip = { side, x, y, box: [...this.box], isNew: !isNear, earlier: [left, top, right, bottom] };
    this.stage.setPointerCapture(event.pointerId);
    event.preventDefault();
    this.frame.focus({ preventScroll: true });
  }
  drag([x, y]) {
    const { side, box, isNew } = this.grip;
    const [dx, dy] = [x - this.grip.x, y - this.grip.y];
    if (isNew) this.grip.side = [dx < 0 ? -1 : 1, dy < 0 ? -1 : 1];
    this.change(this.grip.side, box, dx, dy, isNew);
  }
  drop() {
    if (!this.grip) return;
    const [left, top, right, bottom] = this.box;
    if (this.grip.isNew && (right - left < LEAST || bottom - top < LEAST)) this.box = this.grip.earlier; // a tap
    this.grip = null;
    this.show();
    this.say();
  }
  // Moves the frame, where `side` is [0, 0], or some of its edges.
  change(side, box, dx, dy, isNew = false) {
    let [left, top, right, bottom] = box;
    const least = isNew ? 0 : LEAST;
    if (!side[0] && !side[1]) {
      [dx, dy] = [clamp(dx, -left, 1 - right), clamp(dy, -top, 1 - bottom)];
      this.box = [left + dx, top + dy, right + dx, bottom + dy];
      return this.show();
    }
    if (side[0] < 0) left = clamp(left + dx, 0, right - least);
    if (side[0] > 0) right = clamp(right + dx, left + least, 1);
    if (side[1] < 0) top = clamp(top + dy, 0, bottom - least);
    if (side[1] > 0) bottom = clamp(bottom + dy, top + least, 1);
    this.box = [left, top, right, bottom];
    if (this.shape) this.keepShape(side, this.shape);
    this.show();
  }
  // Changes the edges that are held so that the frame has the shape; the others stay.
  keepShape([x, y], shape) {
    let [left, top, right, bottom] = this.box;
    const scale = this.shown / shape; // of a width to its height
    const height = Math.min((right - left) * scale, y < 0 ? bottom : 1 - top);
    const width = height / scale;
    if (x < 0) left = right - width;
    else right = left + width;
    if (y < 0) top = bottom - height;
    else bottom = top + height;
    this.box = [left, top, right, bottom];
  }
  fit() {
    const { shape } = this;
    if (!shape) return;
    const [left, top, right, bottom] = this.box, scale = this.shown / shape;
    const width = Math.min(right - left, (bottom - top) / scale), height = width * scale;
    const [x, y] = [(left + right - width) / 2, (top + bottom - height) / 2];
    this.box = [x, y, x + width, y + height];
    this.show();
    this.say();
  }
  turn(turns) {
    if (!turns) return;
    for (let i = 0; i < turns; i++) {
      const [left, top, right, bottom] = this.box;
      this.box = [1 - bottom, left, 1 - top, right];
    }
    this.turns = (this.turns + turns) % 4;
    this.draw();
    this.show();
    this.say();
  }
  reset() {
    this.root.querySelector(".shapes input").checked = true;
    this.turns = 0;
    this.box = [0, 0, 1, 1];
    this.draw();
    this.show();
    this.say();
  }
  key(event) {
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    const [dx, dy] = arrow.map((each) => each * STEP);
    this.change(event.shiftKey ? (this.shape ? [1, 1] : arrow.map(Math.abs)) : [0, 0], this.box, dx, dy);
    this.say();
  }
}
