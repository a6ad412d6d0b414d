import { render } from "preact";
import { App } from "./shell/app.tsx";
import { applyTheme } from "./shell/theme.ts";
import { preferredLanguage, speak } from "./words/words.ts";

applyTheme();
void speak(preferredLanguage()).then(() => {
  const place = document.getElementById("page");
  if (place !== null) render(<App />, place);
});
