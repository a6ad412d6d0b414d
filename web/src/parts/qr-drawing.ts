/** What makes QR codes, and the only file that knows uqr: it is read when the first of them is shown. */
import { encode } from "uqr";

/** What ISO/IEC 18004 asks to be left empty around a code; without it cameras find none on a page. */
const QUIET_MODULES = 4;

export interface QrDrawing {
  /** Of one side, in modules, with the quiet zone. */
  readonly size: number;
  /** An SVG path over the dark modules, a module being 1 wide. */
  readonly path: string;
}

/** A text as a QR code that is still read where a seventh of it is not. */
export function qrDrawing(text: string): QrDrawing {
  const { size, data } = encode(text, { ecc: "M", border: QUIET_MODULES });
  const path = data.flatMap((row, y) =>
    row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")),
  );
  return { size, path: path.join("") };
}
