// Left of the line the picture before, right of it the one after. Runs again when its data change.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".wipe");
  const slider = root.querySelector("input");
  for (const [index, name] of ["before", "after"].entries()) {
    const image = root.querySelector(`.${name}`);
    if (image.getAttribute("src") !== data[name]) image.src = data[name];
    image.alt = data.names[index];
  }
  root.classList.toggle("squares", data.squares);
  slider.setAttribute("aria-label", data.label);
  slider.oninput = () => root.style.setProperty("--at", `${slider.value}%`);
}
