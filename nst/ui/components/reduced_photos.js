// Reduces large photos before they are sent: cameras make more pixels than the server keeps, and more bytes than it takes.
// Only JPEGs, which have no transparency; and whatever cannot be reduced is sent as it is.
const FIELDS = ".st-key-photo, .st-key-further_photos";
const QUALITY = 0.95;

export default function ({ data }) {
  const isLarge = (file) => file.type === "image/jpeg" && file.size > data.bytes;
  const take = async (event) => {
    const field = event.target.closest?.(FIELDS);
    const input = field?.querySelector("input[type=file]");
    const files = [...((event.type === "drop" ? event.dataTransfer?.files : input?.files) ?? [])];
    if (!input || event.isReduced || !files.some(isLarge)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.type === "drop") event.target.dispatchEvent(new DragEvent("dragleave", { bubbles: true }));
    const chosen = new DataTransfer();
    for (const file of input.multiple ? files : files.slice(0, 1)) chosen.items.add(isLarge(file) ? await reduced(file, data) : file);
    if (!input.isConnected) return;
    input.files = chosen.files;
    input.dispatchEvent(Object.assign(new Event("change", { bubbles: true }), { isReduced: true }));
  };
  // On the window: before all that the page does with these files.
  for (const name of ["change", "drop"]) window.addEventListener(name, take, true);
  return () => {
    for (const name of ["change", "drop"]) window.removeEventListener(name, take, true);
  };
}

async function reduced(file, { side, most }) {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" }); // upright
    const scale = Math.min(1, side / Math.max(picture.width, picture.height));
    if (scale === 1 && file.size <= most) return file;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [picture.width, picture.height].map((each) => Math.max(1, Math.round(each * scale)));
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const smaller = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    return smaller && smaller.size < file.size ? new File([smaller], file.name, { type: smaller.type }) : file;
  } catch {
    return file;
  }
}
