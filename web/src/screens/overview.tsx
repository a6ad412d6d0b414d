/** Rates, what waits, and every endpoint with a strip of its last attempts. */
export function Overview() {
  return <h1>Overview</h1>;
}
