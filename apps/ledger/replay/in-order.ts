export interface Started<Result> {
  /** Bytes it holds until its result is taken. */
  readonly bytes: number;
  readonly result: Promise<Result>;
}

export interface InOrderLimits {
  readonly items_max: number;
  readonly bytes_max: number;
}

/**
 * Gives the results of what `source` starts, in the order in which it was started. Takes from `source` only as long as
 * what is under way stays within the limits, but for one item that is over them alone.
 */
export async function* inOrder<Result>(
  source: AsyncIterable<Started<Result>>,
  { items_max, bytes_max }: InOrderLimits,
): AsyncGenerator<Result> {
  const under_way: Started<Result>[] = [];
  let bytes = 0;
  const takeFirst = (): Promise<Result> => {
    const first = under_way.shift() as Started<Result>;
    bytes -= first.bytes;
    return first.result;
  };
  for await (const started of source) {
    // It is looked at when its turn comes; until then its failure is nobody's unhandled rejection.
    started.result.catch(() => undefined);
    under_way.push(started);
    bytes += started.bytes;
    while (under_way.length >= items_max || (bytes > bytes_max && under_way.length > 0))
      yield await takeFirst();
  }
  while (under_way.length > 0) yield await takeFirst();
}
