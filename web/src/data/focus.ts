import { useEffect } from "preact/hooks";

/** Calls when the reader comes back to this window: for what the feed does not tell, and others may have changed meanwhile. */
export function useReturn(call: () => void): void {
  useEffect(() => {
    addEventListener("focus", call);
    return () => removeEventListener("focus", call);
  }, [call]);
}
