/** Python that draws a figure anew from the CSV files of the results. */

/** A text as Python writes it: JSON's strings are Python's. */
const quoted = (text: string): string => JSON.stringify(text)

export const setUpCode = (tables: readonly string[]): string =>
  [
    'import matplotlib.pyplot as plt',
    'import pandas as pd',
    '',
    ...tables.map((name) => `${name} = pd.read_csv("${name}.csv")`),
    'rounds["simulated_hours"] = rounds["simulated_ms"] / 3_600_000',
    'rounds["total_mb"] = rounds["total_bytes"] / 1e6',
    'rounds.groupby(["name", "seed"]).last()',
  ].join('\n')

const axes = {
  rounds: ['round', 'round'],
  bytes: ['total_mb', 'MB sent and received'],
  time: ['simulated_hours', 'simulated hours'],
} as const

export function progressCode(metric: string, axis: keyof typeof axes): string {
  const [column, label] = axes[axis]
  return [
    'fig, ax = plt.subplots()',
    `measured = rounds.dropna(subset=[${quoted(metric)}])`,
    'for name, runs in measured.groupby("name", sort=False):',
    '    # Only rounds in which all seeds were tested.',
    '    by_round = runs.groupby("round").filter(lambda each: len(each) == runs["seed"].nunique()).groupby("round")',
    `    x, y = by_round["${column}"].mean(), by_round[${quoted(metric)}]`,
    '    ax.fill_between(x, y.min(), y.max(), alpha=0.15)',
    '    ax.plot(x, y.mean(), label=f"{name}, {runs[\'seed\'].nunique()} seeds")',
    `ax.set(xlabel=${quoted(label)}, ylabel=${quoted(`${metric} on the test set`)})`,
    'ax.legend()',
    'plt.show()',
  ].join('\n')
}

export const personalCode = (): string =>
  [
    'fig, ax = plt.subplots()',
    'measured = rounds.dropna(subset=["personal_accuracy"])',
    'for name, runs in measured.groupby("name", sort=False):',
    '    # Only rounds in which all seeds were measured.',
    '    by_round = runs.groupby("round").filter(lambda each: len(each) == runs["seed"].nunique()).groupby("round")',
    '    for column, which in [("personal_accuracy", "own models"), ("shared_accuracy", "shared model")]:',
    '        y = by_round[column]',
    '        ax.fill_between(y.mean().index, y.min(), y.max(), alpha=0.15)',
    '        ax.plot(y.mean(), label=f"{name}: {which}")',
    'ax.set(xlabel="round", ylabel="accuracy on held-out examples, mean of devices")',
    'ax.legend()',
    'plt.show()',
  ].join('\n')

export const decileCode = (of: { name: string; seed: number; round: number; metric: string }): string =>
  [
    `shown = deciles[(deciles["name"] == ${quoted(of.name)}) & (deciles["seed"] == ${of.seed})]`,
    `shown = shown[(shown["round"] == ${of.round}) & (shown["metric"] == ${quoted(of.metric)})]`,
    'fig, ax = plt.subplots()',
    'ax.barh(10 * shown["decile"], shown["value"], height=7)',
    'ax.invert_yaxis()',
    `ax.set(xlabel=${quoted(of.metric)}, ylabel="per cent of the devices")`,
    'plt.show()',
  ].join('\n')

export const partitionCode = (name: string, seed: number): string =>
  [
    `shown = partition[(partition["name"] == ${quoted(name)}) & (partition["seed"] == ${seed})]`,
    'fig, ax = plt.subplots()',
    'ax.scatter(shown["device"].astype(str), shown["class"].astype(str), s=200 * shown["examples"] / shown["examples"].max())',
    'ax.invert_yaxis()',
    'ax.set(xlabel="device", ylabel="class")',
    'plt.show()',
  ].join('\n')

export const phaseCode = (name: string): string =>
  [
    'phases = [column for column in rounds.columns if column.startswith("phase_")]',
    `shown = rounds[rounds["name"] == ${quoted(name)}].groupby("seed")[phases].sum().mean() / 1000`,
    'shown = shown[shown > 0].sort_values()',
    'fig, ax = plt.subplots()',
    'ax.barh([column[len("phase_"):-len("_ms")] for column in shown.index], shown)',
    'ax.set(xlabel="seconds")',
    'plt.show()',
  ].join('\n')
