/** A method in its colour; the word is what counts. */
export function Method({ method }: { readonly method: string }) {
  const tone = method === "GET" ? "calm" : method === "DELETE" ? "bad" : "good";
  return <span class={`badge method ${tone}`}>{method}</span>;
}
