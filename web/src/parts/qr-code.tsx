import { useEffect, useState } from "preact/hooks";
import type { QrDrawing } from "./qr-drawing.ts";

/** A text for a phone's camera, at its place before it is drawn. Dark on white in each theme: few cameras read the reverse. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const [drawing, setDrawing] = useState<QrDrawing | null>(null);
  useEffect(() => {
    let isWanted = true;
    void import("./qr-drawing.ts").then(({ qrDrawing }) => {
      if (isWanted) setDrawing(qrDrawing(text));
    });
    return () => {
      isWanted = false;
    };
  }, [text]);
  return (
    <div class="qr">
      {drawing !== null && (
        <svg role="img" aria-label={label} viewBox={`0 0 ${drawing.size} ${drawing.size}`}>
          <path d={drawing.path} />
        </svg>
      )}
    </div>
  );
}
