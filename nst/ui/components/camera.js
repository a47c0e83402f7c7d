// Opens the camera of a phone or tablet, and puts what it takes into the field for the photo.
export default function ({ parentElement }) {
  const [button, input] = ["button", "input"].map((name) => parentElement.querySelector(name));
  button.onclick = () => input.click();
  input.onchange = () => {
    const field = document.querySelector(".st-key-photo input[type=file]");
    if (!field || !input.files.length) return;
    const chosen = new DataTransfer();
    chosen.items.add(input.files[0]);
    field.files = chosen.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    input.value = "";
  };
}
