/**
 * The handle that a handler gets, until its transaction ends. A handler whose time was over may go on in the background, and its
 * next statement would reach a connection that is nobody's transaction any more, or somebody else's: the effect would be there
 * without its event. With this it gets an error instead. What it had begun before comes before the roll-back, and is undone.
 */
export async function guarded<Tx extends object, T>(
  handle: Tx,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const { proxy, revoke } = Proxy.revocable(handle, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? bound(target, value) : value;
    },
  });
  try {
    return await work(proxy);
  } finally {
    revoke();
  }
}

/** Methods run on the handle itself: private fields know no proxy. A class that hangs on the handle stays what it is. */
function bound(target: object, method: Function): unknown {
  return isClass(method) ? method : method.bind(target);
}

function isClass(method: Function): boolean {
  return Object.getOwnPropertyDescriptor(method, "prototype")?.writable === false;
}
