"use strict";
// Sorts tables by their columns: numbers by value, empty cells last, equal rows as they were.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const first = [...body.rows];
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
    const number = (text) => (text === "inf" ? Infinity : Number(text));
    const sort = () => {
      const rising = head.getAttribute("aria-sort") !== "ascending";
      for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const numeric = first.every((row) => key(row) === "" || !Number.isNaN(number(key(row))));
      const compare = (a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === "" || y === "") return (x === "") - (y === "");
        const found = numeric ? (number(x) < number(y) ? -1 : number(x) > number(y)) : x.localeCompare(y, "en");
        return rising ? Number(found) : -found;
      };
      body.append(...[...first].sort(compare));
    };
    head.classList.add("sorts");
    head.tabIndex = 0;
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        sort();
      }
    });
  });
}
// Several texts: one at a time, or all as without scripts.
const texts = [...document.querySelectorAll("div.text")];
if (texts.length > 1) {
  const choice = document.createElement("nav");
  choice.className = "choice";
  choice.setAttribute("aria-label", "Text");
  const names = [...texts.map((text) => text.dataset.text), "all texts"];
  const show = (chosen) => {
    texts.forEach((text, place) => (text.hidden = chosen < texts.length && place !== chosen));
    [...choice.children].forEach((button, place) => button.setAttribute("aria-pressed", String(place === chosen)));
  };
  names.forEach((name, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => show(place));
    choice.append(button);
  });
  texts[0].before(choice);
  show(0);
  window.addEventListener("beforeprint", () => show(texts.length));
}
