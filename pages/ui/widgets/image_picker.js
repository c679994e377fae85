// A grid of pictures; a click, Enter or Space chooses one. Runs again whenever its data change.
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".picker");
  grid.setAttribute("aria-label", data.label);
  const buttons = data.pictures.map((source, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = index === data.chosen ? "chosen" : "";
    button.setAttribute("aria-pressed", String(index === data.chosen));
    const image = document.createElement("img");
    image.src = source;
    image.alt = data.names[index];
    button.title = data.names[index];
    button.append(image);
    button.addEventListener("click", () => {
      for (const other of grid.children) {
        other.className = other === button ? "chosen" : "";
        other.setAttribute("aria-pressed", String(other === button));
      }
      setTriggerValue("picked", index);
    });
    return button;
  });
  grid.replaceChildren(...buttons);
}
