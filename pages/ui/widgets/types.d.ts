// Types that several components share; JSDoc imports them. Nothing is compiled, no browser asks for this file.

/** What Streamlit hands to a component's default export: at first, and whenever the data or the theme change. */
export interface Call<Data> {
  data: Data;
  /** The component's HTML stands in it. */
  parentElement: ParentNode;
  /** Tell the server something once: Python's `on_<name>_change` runs. */
  setTriggerValue(name: string, value: unknown): void;
  /** Have the server keep a value as the component's state. */
  setStateValue(name: string, value: unknown): void;
}

/** Sentences by name, as pairs: for a dict in a component's data Streamlit imports pandas. */
export type Pairs = [name: string, sentence: string][];

/** Sentences by name. */
export type Words = Record<string, string>;

export type Point = [x: number, y: number];

/** Left, right, bottom, top. */
export type Extent = [number, number, number, number];
