// Types that several components share; JSDoc imports them. The file is not compiled, and browsers do not load it.

/** The argument of a component's default export; Streamlit calls it whenever data or theme change. */
export interface Call<Data> {
  data: Data;
  /** The element with the component's HTML. */
  parentElement: ParentNode;
  /** Send the server a value once: Python's `on_<name>_change` runs. */
  setTriggerValue(name: string, value: unknown): void;
  /** Store a value on the server as the component's state. */
  setStateValue(name: string, value: unknown): void;
}

/** Sentences by name, as pairs: for a dict in a component's data, Streamlit imports pandas. */
export type Pairs = [name: string, sentence: string][];

/** Sentences by name. */
export type Words = Record<string, string>;

export type Point = [x: number, y: number];

/** Left, right, bottom, top. */
export type Extent = [number, number, number, number];
