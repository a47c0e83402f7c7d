// Takes files that are pasted, or dropped anywhere on the page, as if they had been chosen in the field for the photo, which says why it
// refuses what it cannot read: a browser may not know the type of a picture.
export default function () {
  const field = () => document.querySelector(".st-key-photo input[type=file]");
  const filesOf = (data) => [...(data?.files ?? [])];
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
    const files = filesOf(event.clipboardData);
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
    const files = filesOf(event.dataTransfer);
    if (files.length) take(files);
  };
  const listeners = { paste, dragover: allow, drop };
  for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener);
  return () => {
    for (const [name, listener] of Object.entries(listeners)) document.removeEventListener(name, listener);
  };
}
