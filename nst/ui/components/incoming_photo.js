// Takes a picture that is pasted, or dropped anywhere on the page, as if it had been chosen in the field for the photo.
export default function () {
  const field = () => document.querySelector(".st-key-photo input[type=file]");
  const pictures = (data) => [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"));
  const isText = (element) => element?.matches?.("input:not([type=file], [type=range], [type=checkbox], [type=radio]), textarea");

  const until = async (condition, seconds) => {
    for (const end = Date.now() + 1000 * seconds; !condition() && Date.now() < end; ) await new Promise((done) => setTimeout(done, 50));
  };
  const isDrawn = () => !document.querySelector("[data-test-script-state=running]"); // before that, the field may still be replaced
  const opened = async () => { // once there is a photo, the field is in a popover
    await until(isDrawn, 10);
    if (!field()) document.querySelector(".st-key-change_photo button")?.click();
    await until(() => field() && isDrawn(), 10);
    return field();
  };
  const take = async (files) => {
    const input = await opened();
    if (!input) return;
    const chosen = new DataTransfer();
    for (const file of input.multiple ? files : files.slice(0, 1)) chosen.items.add(file);
    input.files = chosen.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const paste = (event) => {
    const files = pictures(event.clipboardData);
    if (!files.length || isText(event.composedPath()[0])) return;
    event.preventDefault();
    take(files);
  };
  const isElsewhere = (event) =>
    event.dataTransfer?.types.includes("Files") && !event.composedPath().some((each) => each.dataset?.testid === "stFileUploaderDropzone");
  const allow = (event) => isElsewhere(event) && event.preventDefault(); // otherwise the browser would open the file
  const drop = (event) => {
    if (!isElsewhere(event)) return;
    event.preventDefault();
    const files = pictures(event.dataTransfer);
    if (files.length) take(files);
  };
  const listeners = { paste, dragover: allow, drop };
  for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener);
  return () => {
    for (const [name, listener] of Object.entries(listeners)) document.removeEventListener(name, listener);
  };
}
