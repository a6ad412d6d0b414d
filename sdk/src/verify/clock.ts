/** The machine's clock, in milliseconds since 1970: what `verify` reads where no other is given. */
export const systemClock = (): number => Date.now();
