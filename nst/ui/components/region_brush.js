// Paints the masks of a photo's parts: one canvas each, whose alpha channel is the mask.
//
// What the page has to know goes to it in two ways: `edit` lists the parts, and `mask` brings the masks that have changed. Each side counts
// its changes of the list (`turn`) and of each mask (`rev`); the higher number is the newer one, and what got lost is sent again.
const MAX_SIDE = 1024; // pixels of a mask's long side
const LEVELS = 30; // of undo
const SEND_DELAY = 400, SEND_AGAIN = 5000; // milliseconds
const MAX_MESSAGE = 600000; // characters of several masks; a message may have 1 MB
const MAX_PNG = 200000; // characters of one, which may come with three masks of strokes
const AROUND = ["rectangle", "lasso", "eraser", "feather"]; // what leaves an area that a thing is in
const HINTS = {
  brush: "Paint over a part of $",
  eraser: "Paint over what does not belong to the part",
  rectangle: "Drag a rectangle over a part of $",
  lasso: "Draw around a part of $",
  fill: "Tap an area of one colour",
  move: "Drag the picture when it is enlarged",
};
const GROWS = {
  brush: ". Or draw a line on a thing, and press “Grow to the object”",
  rectangle: ". Or around a thing, and press “Grow to the object”",
  lasso: ". Or around a thing, and press “Grow to the object”",
};

const memories = new Map(); // what was painted last in each place: it outlives the element, when the visitor looks at another page
const open = new Set(); // editors on the page

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".brush");
  root.editor ??= new Editor(root);
  root.editor.update(data, setStateValue, setTriggerValue);
  return () => root.editor.setTrigger === setTriggerValue && root.editor.close(); // the end of an earlier call may come after a later call
}

class Editor {
  constructor(root) {
    this.root = root;
    this.stage = new Stage(root, this);
    root.querySelector(".tools").onchange = ({ target }) => this.chooseTool(target.value);
    root.querySelector(".parts").onchange = ({ target }) => this.changeList(target.value);
    root.querySelector(".find").onclick = ({ target }) => target.matches("button") && this.addPart(target.value);
    root.querySelector(".actions").onclick = ({ target }) => this.act(target.closest("button")?.value);
    root.querySelector(".grow").onclick = () => this.grow();
    root.querySelector(".to-style").onclick = () => document.querySelector(".st-key-style_panel .step").scrollIntoView();
    root.onkeydown = (event) => this.shortcut(event);
    this.leave = (event) => this.sendFirst(event);
  }
  close() {
    open.delete(this);
    document.removeEventListener("click", this.leave, true);
    clearTimeout(this.timer);
  }
  get isUnsent() {
    return this.state.parts.some((part) => part.rev > part.confirmed);
  }
  // A button elsewhere may submit the form: it has to wait for the masks, and nothing may be sent after it.
  async sendFirst(event) {
    const button = event.composedPath().find((element) => element.matches?.("button"));
    const isElsewhere = button && ![...open].some(({ root }) => event.composedPath().includes(root));
    const unsent = [...open].filter((editor) => editor.isUnsent);
    if (!isElsewhere || !event.isTrusted || !unsent.length) return;
    event.stopImmediatePropagation(); // the other editors', too
    event.preventDefault();
    try {
      await Promise.all(unsent.map((editor) => editor.send()));
    } finally {
      button.click();
    }
  }

  // What the page says.

  async update(data, setState, setTrigger) {
    Object.assign(this, { data, setState, setTrigger });
    open.add(this);
    document.addEventListener("click", this.leave, true); // once, however often it is added
    if (memories.get(data.place)?.token !== data.token) {
      if (this.state && this.isUnsent) this.send(); // of what was shown before
      const scale = MAX_SIDE / Math.max(1, data.ratio);
      const [width, height] = [scale * data.ratio, scale].map((side) => Math.max(1, Math.round(side)));
      memories.set(data.place, { token: data.token, width, height, parts: [], active: "", turn: -1, undo: [], redo: [] });
    }
    this.state = memories.get(data.place);
    this.stage.show(data.photo, data.ratio, this.state.width, this.state.height);
    if (data.turn > this.state.turn) this.adoptList(data);
    for (const part of this.state.parts) {
      await this.adoptMask(part, data.parts.find(({ id }) => id === part.id));
      if (this.data !== data) return; // a later update has come meanwhile
    }
    this.render();
  }
  adoptList(data) {
    const known = new Map(this.state.parts.map((part) => [part.id, part]));
    this.state.parts = data.parts.map((part) => known.get(part.id) ?? this.makePart(part));
    Object.assign(this.state, { active: data.active, turn: data.turn });
  }
  makePart({ id, kind, colour }) {
    const mask = new Mask(this.state.width, this.state.height, this.data.colours[colour]);
    return { id, kind, colour, mask, rev: 0, confirmed: 0, told: 0, reserved: 1 }; // change 1 is that of a region which is found
  }
  async adoptMask(part, news) {
    if (!news) return;
    Object.assign(part, { news, confirmed: news.rev });
    if (part.growth && news.rev === part.rev && !news.searching) part.growth = null; // nothing was found; the note says so
    if (news.rev > part.rev && news.mask) {
      const alpha = await part.mask.read(news.mask);
      if (news.rev <= part.rev || this.stage.gesture?.part === part) return; // it was painted on meanwhile
      this.adopt(part, alpha, news.rev);
    } else if (news.rev < part.rev) this.sendSoon(part.told === part.rev ? SEND_AGAIN : SEND_DELAY);
  }

  adopt(part, alpha, rev) { // a region that was found
    const { growth } = part;
    if (growth) this.remember(part, part.mask.alpha);
    else this.forget(part);
    Object.assign(part, { rev, growth: null, grown: growth && { ...growth, alpha }, encloses: false });
    part.mask.alpha = alpha;
    if (growth || part === this.active) this.say(this.coverage(part));
  }

  // What the page is told.

  changeList(active) {
    Object.assign(this.state, { active, turn: this.state.turn + 1 });
    const { token, parts, turn } = this.state;
    this.setState("edit", { token, active, turn, parts: parts.map(({ id, kind, colour, rev }) => ({ id, kind, colour, rev })) });
    this.render();
  }
  sendSoon(delay = SEND_DELAY) {
    clearTimeout(this.timer);
    if (open.has(this)) this.timer = setTimeout(() => this.send(), delay);
  }
  async send() {
    clearTimeout(this.timer);
    const { token, parts } = this.state;
    const masks = [];
    let size = 0;
    for (const part of parts.filter((each) => each.rev > each.confirmed)) {
      const { rev } = part;
      const png = await part.png.catch(() => null);
      if (png === null) {
        this.say(`${this.nameOf(part)} could not be sent. Paint on it again.`);
        continue;
      }
      const grow = part.growth && (await part.growth.message.catch(() => null));
      size += png.length + JSON.stringify(grow).length;
      if (masks.length && size > MAX_MESSAGE) break;
      masks.push({ id: part.id, rev, png, ...(grow && { grow }) });
      part.told = rev;
    }
    if (!masks.length) return;
    this.setTrigger("mask", { token, masks });
    this.sendSoon(SEND_AGAIN); // unless the page confirms them
  }

  // Parts.

  get active() {
    return this.state.parts.find(({ id }) => id === this.state.active);
  }
  part(tool) { // for the stage
    const part = this.active ?? (tool === "eraser" ? null : this.addPart(""));
    if (!part) this.say("Choose or add a part first.");
    else this.root.querySelector(".hint").textContent = "";
    return part;
  }
  addPart(kind) {
    const { parts } = this.state;
    const same = kind && parts.find((part) => part.kind === kind);
    if (same) return void this.changeList(same.id);
    if (parts.length >= this.data.most) return void this.say(`There can be ${this.data.most} parts.`);
    const colour = this.data.colours.findIndex((_, index) => !parts.some((part) => part.colour === index));
    const part = this.makePart({ id: crypto.getRandomValues(new Uint32Array(2)).join("-"), kind, colour });
    parts.push(part);
    this.changeList(part.id);
    this.say(kind ? `Looking for it: ${this.nameOf(part)} …` : `${this.nameOf(part)} is new.`);
    return part;
  }
  remove(gone, active) {
    this.state.parts = this.state.parts.filter((part) => part !== gone);
    this.forget(gone);
    this.changeList(active ?? this.state.parts.at(-1)?.id ?? "");
    this.say(`${this.nameOf(gone)} is removed.`);
  }
  nameOf(part) {
    if (this.data.style) return "The part that is used";
    return part ? this.data.kinds[part.kind] ?? `Part ${part.colour + 1}` : this.data.rest.name;
  }

  // Changes of masks.

  finished(part, before, tool) { // for the stage
    this.remember(part, before);
    part.encloses = (part.encloses ?? true) && AROUND.includes(tool);
    this.changed(part);
  }
  changed(part) { // for the stage, too
    part.growth = null;
    this.renew(part);
    this.say(this.coverage(part));
    this.render();
  }
  renew(part) { // has its mask sent
    part.rev = Math.max(part.rev, part.confirmed, part.reserved) + 1; // newer than a region that is found meanwhile
    part.png = this.pngOf(part.mask.alpha);
    part.png.catch(() => {}); // `send` says it
    this.sendSoon();
  }
  pngOf(alpha) {
    return alpha?.some((value) => value) ? greyPng(alpha, this.state.width, MAX_PNG) : Promise.resolve("");
  }
  coverage(part) {
    const { alpha } = part.mask;
    const share = alpha.reduce((sum, value) => sum + value, 0) / 2.55 / alpha.length;
    return `${this.nameOf(part)} covers ${share > 0 && share < 1 ? "less than 1" : Math.round(share)} % of ${this.data.style ? "the style picture" : "the photo"}.`;
  }
  remember(part, alpha) {
    const { encloses, grown } = part;
    this.state.undo = [...this.state.undo, { part, alpha, encloses, grown }].slice(-LEVELS);
    this.state.redo = [];
  }
  restore(from, to) {
    const { part, alpha, ...drawn } = this.state[from].pop();
    this.state[to].push({ part, alpha: part.mask.alpha, encloses: part.encloses, grown: part.grown });
    part.mask.alpha = alpha;
    Object.assign(part, drawn);
    this.changed(part);
  }
  grow() {
    const part = this.active;
    if (part.growth) return; // the button stays enabled, since one that is disabled loses the focus
    const { alpha } = part.mask;
    const strokes = strokesOf(alpha, part);
    if (![strokes.inside, strokes.around].some((each) => each?.some((value) => value))) return void this.say("Draw a line on the object first.");
    this.renew(part); // the answer is the next change
    part.reserved = part.rev + 1;
    part.growth = { ...strokes, message: this.messageOf(strokes) };
    part.heard = null;
    this.say(`Looking for the object: ${this.nameOf(part)} …`);
    this.render();
  }
  async messageOf({ inside, outside, around }) {
    const [first, second, third] = await Promise.all([inside, outside, around].map((each) => this.pngOf(each)));
    return { inside: first, outside: second, around: third };
  }
  forget(part) {
    for (const stack of ["undo", "redo"]) this.state[stack] = this.state[stack].filter((entry) => entry.part !== part);
  }
  alter(name, change) {
    const part = this.active;
    const before = part.mask.alpha;
    part.mask.alpha = change(before, this.state.width);
    this.finished(part, before, name);
  }

  // Controls.

  chooseTool(tool) {
    this.root.querySelector(`.tools [value=${tool}]`).checked = true;
    this.stage.choose(tool);
    this.showHint();
  }
  act(name) {
    const acts = {
      undo: () => this.restore("undo", "redo"),
      redo: () => this.restore("redo", "undo"),
      remove: () => this.remove(this.active),
      feather: () => this.alter("feather", (alpha, width) => blurred(alpha, width, Math.ceil(width / 150))),
      invert: () => this.alter("invert", (alpha) => alpha.map((value) => 255 - value)),
      in: () => this.stage.zoom(1),
      out: () => this.stage.zoom(-1),
    };
    this.stage.cancel();
    if (name && !this.button(name).disabled) acts[name]();
  }
  shortcut(event) {
    if (!(event.ctrlKey || event.metaKey) || !["z", "y", "Z"].includes(event.key)) return;
    event.preventDefault();
    this.act(event.key === "z" ? "undo" : "redo");
  }
  button(name) {
    return this.root.querySelector(`.actions [value=${name}]`);
  }

  // What is shown.

  say(text) {
    this.root.querySelector(".status").textContent = text;
  }
  showHint() {
    const isEmpty = this.active ? !this.active.rev && !this.active.news?.searching : !this.state.parts.length;
    const subject = this.data.style ? "the picture: its style alone is used" : "your photo";
    const hint = HINTS[this.stage.tool].replace("$", subject) + ((this.data.grows && GROWS[this.stage.tool]) || "");
    this.root.querySelector(".hint").textContent = isEmpty ? hint : "";
  }
  render() {
    const { state, active } = this;
    this.root.querySelector(".masks").replaceChildren(...state.parts.map((part) => part.mask.canvas));
    for (const part of state.parts) part.mask.canvas.classList.toggle("active", part === active);
    this.renderParts();
    if (!this.data.style) this.renderKinds();
    const works = { undo: state.undo.length, redo: state.redo.length, feather: active, invert: active, remove: active };
    for (const name in works) this.button(name).disabled = !works[name];
    const shown = this.data.style ? "The picture of the style" : "Your photo";
    this.stage.element.setAttribute("aria-label", `${shown}. You paint: ${this.nameOf(active)}`);
    this.root.setAttribute("aria-label", this.data.style ? "What is used of the style" : "Parts of the photo");
    this.root.classList.toggle("style", Boolean(this.data.style));
    this.root.classList.toggle("plain", !this.data.grows);
    this.root.querySelector(".grow").disabled = !active?.rev;
    if (active?.news?.note && active.heard !== active.news.note) this.say((active.heard = active.news.note));
    this.showHint();
  }
  renderKinds() {
    const list = this.root.querySelector(".find");
    for (const [value, textContent] of Object.entries(this.data.kinds)) {
      if (list.querySelector(`[value=${value}]`)) continue;
      list.insertBefore(Object.assign(document.createElement("button"), { type: "button", value, textContent }), list.lastElementChild);
    }
  }
  renderParts() {
    if (this.data.style) return;
    const list = this.root.querySelector(".parts");
    const hadFocus = list.contains(this.root.getRootNode().activeElement);
    list.replaceChildren(this.chip({ id: "", news: this.data.rest }), ...this.state.parts.map((part) => this.chip(part)));
    if (hadFocus) list.querySelector(":checked").focus();
  }
  chip(part) {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "radio", name: "part", value: part.id });
    input.checked = part.id === this.state.active;
    const thumb = part.news?.keeps ? this.data.photo : part.news?.thumb;
    const swatch = document.createElement(thumb ? "img" : "span");
    Object.assign(swatch, { className: "swatch", ...(thumb && { src: thumb, alt: "" }) });
    label.style.setProperty("--colour", part.id ? this.data.colours[part.colour] : "transparent");
    label.append(input, swatch, this.nameOf(part.id && part) + (part.news?.searching || part.growth ? " …" : ""));
    return label;
  }
}
