/** Loaded by NODE_OPTIONS=--import: the runtime itself fails where sdctl sorts services, which nobody expects. */
const sort = Array.prototype.sort;

Array.prototype.sort = function broken(...args) {
  if (this.length > 0 && Array.isArray(this[0]?.instances))
    throw new TypeError('bolt \u001b[2J from the blue');
  return sort.apply(this, args);
};
