// The part of a photo that is painted, as a frame over the photo that pointers and keys move. Places are fractions of the turned photo.
const LEAST = 0.08; // of width and height
const REACH = 26; // pixels from an edge at which a pointer takes hold of it
const STEP = 0.02; // of a key
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const GRID_MS = 900; // for which the grid stays after the angle was changed
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
    [this.slider, this.value, this.level] = [".angle input", "output", ".level"].map((name) => root.querySelector(name));
    this.slider.oninput = () => this.straighten(Number(this.slider.value));
    this.slider.onchange = () => this.say();
    this.level.onclick = () => this.levelOut();
    this.stage.onpointerdown = (event) => this.pointerDown(event);
    this.stage.onpointermove = (event) => this.grip && this.drag(this.place(event));
    this.stage.onpointerup = this.stage.onpointercancel = () => this.drop();
    this.frame.onkeydown = (event) => this.key(event);
    root.querySelector(".turns").onclick = ({ target }) => this.turn(Number(target.closest("button")?.value ?? 0));
    root.querySelector(".shapes").onchange = () => this.fit();
    root.querySelector(".all").onclick = () => this.reset();
    root.querySelector(".use").onclick = () => this.send("crop", { turns: this.turns, box: this.box, angle: this.angle });
    root.querySelector(".cancel").onclick = () => this.send("cancel", true);
  }
  update(data, send) {
    this.send = send;
    if (this.photo === data.photo) return;
    Object.assign(this, { photo: data.photo, ratio: data.ratio, turns: data.turns, box: [...data.box], angle: data.angle, grip: null });
    [this.slider.min, this.slider.max, this.slider.value] = [-data.most, data.most, data.angle];
    this.wide = null; // the frame as it was before the angle made it smaller
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
    this.canvas.style.transform = `rotate(${this.angle}deg)`;
    this.value.textContent = `${this.angle.toLocaleString("en", { signDisplay: "exceptZero" }).replace("-", "−")}°`;
    this.slider.setAttribute("aria-valuetext", this.angle ? this.words : "0 degrees");
    this.level.disabled = !this.angle;
  }
  say() {
    const [left, top, right, bottom] = this.box.map((value) => Math.round(100 * value));
    const turned = this.angle ? ` Turned ${this.words}.` : "";
    this.status.textContent = `${right - left} % of the width and ${bottom - top} % of the height are used.${turned}`;
  }
  get words() {
    return `${Math.abs(this.angle)} degrees to the ${this.angle < 0 ? "left" : "right"}`;
  }
  straighten(angle) {
    this.wide ??= this.box;
    this.angle = angle;
    this.box = this.inside(this.wide);
    this.show();
    this.root.classList.add("straightening");
    clearTimeout(this.fading);
    this.fading = setTimeout(() => this.root.classList.remove("straightening"), GRID_MS);
  }
  levelOut() {
    this.slider.value = 0;
    this.straighten(0);
    this.slider.focus(); // the button is disabled now
    this.say();
  }
  // A place as distances from the photo's centre in the directions of the photo's sides, in heights of what is shown.
  inPhoto(x, y) {
    const [right, down] = [(x - 0.5) * this.shown, y - 0.5];
    const [sin, cos] = [Math.sin((this.angle * Math.PI) / 180), Math.cos((this.angle * Math.PI) / 180)];
    return [right * cos + down * sin, down * cos - right * sin];
  }
  // A box, reduced to what fits into the straightened photo, and moved into it: nothing beside the photo is used.
  inside([left, top, right, bottom]) {
    if (!this.angle) return [left, top, right, bottom];
    const [sin, cos] = [Math.sin((this.angle * Math.PI) / 180), Math.cos((this.angle * Math.PI) / 180)];
    const reach = [this.shown / 2, 0.5], [width, height] = [(right - left) * this.shown, bottom - top];
    const bounds = [width * cos + height * Math.abs(sin), width * Math.abs(sin) + height * cos];
    const scale = Math.min(1, (2 * reach[0]) / bounds[0], (2 * reach[1]) / bounds[1]);
    const half = [((right - left) * scale) / 2, ((bottom - top) * scale) / 2];
    let centre = [(left + right) / 2, (top + bottom) / 2];
    for (let i = 0; i < 20; i++) { // into the photo and into what is shown, by turns
      const [u, v] = this.inPhoto(...centre).map((at, axis) => clamp(at, (bounds[axis] * scale) / 2 - reach[axis], reach[axis] - (bounds[axis] * scale) / 2));
      centre = [(u * cos - v * sin) / this.shown + 0.5, u * sin + v * cos + 0.5].map((at, axis) => clamp(at, half[axis], 1 - half[axis]));
    }
    return [centre[0] - half[0], centre[1] - half[1], centre[0] + half[0], centre[1] + half[1]];
  }
  // As much of a change of a box that is in the photo as keeps it there.
  changed(from, to) {
    if (!this.angle) return to;
    let share = 1;
    for (const [x, y] of [[0, 1], [2, 1], [2, 3], [0, 3]]) {
      const [before, after] = [this.inPhoto(from[x], from[y]), this.inPhoto(to[x], to[y])];
      [this.shown / 2, 0.5].forEach((reach, axis) => {
        const [start, end] = [before[axis], after[axis]], limit = Math.sign(end) * reach;
        if (Math.abs(end) > reach) share = Math.min(share, clamp((limit - start) / (end - start), 0, 1));
      });
    }
    return from.map((at, each) => at + (to[each] - at) * share);
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
    if (!isNear) this.box = this.inside([x, y, x, y].map((value) => clamp(value, 0, 1))); // a new frame is drawn
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
    this.wide = null;
    if (!side[0] && !side[1]) {
      [dx, dy] = [clamp(dx, -left, 1 - right), clamp(dy, -top, 1 - bottom)];
      this.box = this.inside([left + dx, top + dy, right + dx, bottom + dy]);
      return this.show();
    }
    if (side[0] < 0) left = clamp(left + dx, 0, right - least);
    if (side[0] > 0) right = clamp(right + dx, left + least, 1);
    if (side[1] < 0) top = clamp(top + dy, 0, bottom - least);
    if (side[1] > 0) bottom = clamp(bottom + dy, top + least, 1);
    this.box = [left, top, right, bottom];
    if (this.shape) this.keepShape(side, this.shape);
    if (!this.shape) box = this.changed(box, [this.box[0], box[1], this.box[2], box[3]]); // one edge is stopped without the other
    this.box = this.changed(box, this.shape ? this.box : [box[0], this.box[1], box[2], this.box[3]]);
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
    this.wide = null;
    this.show();
    this.say();
  }
  turn(turns) {
    if (!turns) return;
    const quarter = (box) => box && [1 - box[3], box[0], 1 - box[1], box[2]];
    for (let i = 0; i < turns; i++) [this.box, this.wide] = [quarter(this.box), quarter(this.wide)];
    this.turns = (this.turns + turns) % 4;
    this.draw();
    this.show();
    this.say();
  }
  reset() {
    this.root.querySelector(".shapes input").checked = true;
    [this.turns, this.angle, this.slider.value, this.wide] = [0, 0, 0, null];
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
