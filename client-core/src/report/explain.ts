/** A check in words for somebody who runs a service, not a laboratory. */
export interface Explanation {
  readonly title: string
  /** What the check asks, as a question. */
  readonly asks: string
  /** How it finds out, and how its picture is read. */
  readonly means: string
  /** What to do about another answer than "pass". */
  readonly otherwise: string
}

/** By a check's name in the registry of checks. */
export const explanations: Readonly<Record<string, Explanation>> = {
  integrity: {
    title: 'Is the model whole?',
    asks: 'Do the weights fit the task, is every number a number, and does the model still answer sensibly?',
    means:
      'No statistics: a broken model is found by looking at it. One that answers everything alike, or is far worse than the model it was trained from, has collapsed.',
    otherwise:
      'A model that fails here is thrown away, and training goes on from the one before it. If it happens again, look at the learning rate and at who took part.',
  },
  pin: {
    title: 'Are these the right test sets?',
    asks: 'Are the examples that judge the model the registered ones, and are they unknown to it?',
    means:
      'Each set has a fingerprint that is compared with the registered one. Examples that are in two sets at once would let a model know its exam; examples that are in a set twice make results look surer than they are.',
    otherwise:
      'A wrong set is restored from a backup. Leaked or repeated examples are removed, and the task gets the new set.',
  },
  determinism: {
    title: 'Does it answer the same twice?',
    asks: 'Run twice on the same examples, does the model give the same answers?',
    means: 'If it did not, no verdict about it could be repeated.',
    otherwise: 'Look for layers that draw random numbers when they answer, and at the machine that ran the model.',
  },
  power: {
    title: 'Are there enough examples to notice harm?',
    asks: 'How small a loss of quality could the test set show at all?',
    means:
      'The fewer examples, the more a result depends on luck. This is worked out before anything is judged. In a group with too few examples, harm may go unseen.',
    otherwise: 'Add examples to the test set, above all of the groups that are listed as too small.',
  },
  baselines: {
    title: 'Is it better than doing something simple?',
    asks: 'Does the model beat answers that need no model: always the most frequent one, a guess, a simple rule?',
    means:
      'Accuracy alone can flatter. If nine of ten examples are alike, always naming that answer is right nine times of ten.',
    otherwise: 'A model that does not beat the simple answer has not learnt the task. Do not serve it.',
  },
  floor: {
    title: 'Is it good enough at all?',
    asks: 'Is the model at least as good as the floor that the task sets?',
    means:
      'The bar shows between which values the true figure lies, given how many examples there are. The whole bar over the floor is a pass; the whole bar under it is a block; a bar across it may be either.',
    otherwise: 'Train on, or look at the examples behind it: they show what the model gets wrong.',
  },
  'no-regression': {
    title: 'Is it as good as what it would replace?',
    asks: 'Is the model no worse than the reference by more than a small, stated margin?',
    means:
      'Both models answer the same examples, and the difference is measured with the range in which it truly lies. The champion is the model that is served now. The anchor is an earlier one: comparing with it as well keeps many small losses from adding up.',
    otherwise:
      'If there are too few examples, more of them decide it. If it is worse, look at the examples on which it lost: they have often something in common.',
  },
  'negative-flips': {
    title: 'What stopped working?',
    asks: 'On how many examples was the served model right, and this one is wrong?',
    means: 'People notice what used to work and does not any more, also where as much was gained elsewhere.',
    otherwise: 'Look at the examples behind it, and decide whether the gain elsewhere is worth the loss.',
  },
  segments: {
    title: 'Is any group worse off?',
    asks: 'Is the model worse than the served one for one of the groups that the task names?',
    means:
      'An average can rise while a group loses. Each line is one group: left of the middle line it is worse off, right of it better off, and the bar is the range in which the truth lies. With many groups some look bad by luck, and the test takes that into account.',
    otherwise: 'Look at the examples of the group, and at how many of them the training devices have.',
  },
  masking: {
    title: 'Does the whole hide a part?',
    asks: 'Does the sum over all examples say something else than the groups that it is made of?',
    means:
      'A gain in large groups can hide a loss in a small one. And where two models were measured on different mixtures of easy and hard examples, the sum can say the opposite of every part (Simpson’s paradox): then only the difference adjusted for the mixture counts.',
    otherwise:
      'Look at the groups that are named, and believe them rather than the total. If the models were measured on different examples, measure both on the same ones.',
  },
  slices: {
    title: 'Is there a group worse off that nobody named?',
    asks: 'Searching all combinations of columns, is there a part of the examples on which the model lost?',
    means:
      'One half of the test set is searched for the worst parts, and the other half has to confirm each: the worst of a hundred healthy groups always looks bad where it was found.',
    otherwise: 'Look at the examples of the part that was found. If it matters, name it as a segment of the task.',
  },
  calibration: {
    title: 'Does “90 % sure” mean 90 %?',
    asks: 'When the model says how sure it is, is it right that often?',
    means:
      'Answers are sorted by how sure the model is. On the diagonal, a promise of 80 % comes true 80 times of 100. Below it the model is too sure of itself, above it not sure enough. Small dots stand for few examples and may be off by luck.',
    otherwise: 'Do not act on the model’s percentages alone. The order of its answers may still be right.',
  },
  'segment-calibration': {
    title: 'Is it as honest for every group?',
    asks: 'Does what the model says of its own certainty hold in each group?',
    means: 'A model can be well calibrated over all and too sure of itself for one group.',
    otherwise: 'Do not act on the percentages for the groups that are named.',
  },
  cases: {
    title: 'Does it get the fixed cases right?',
    asks: 'Does the model answer a list of cases that it has to know?',
    means:
      'The cases are written by people. There is no statistics: a case that the served model gets right, this one must.',
    otherwise: 'Look at each failed case. If the case is wrong, correct the list; if the model is, do not serve it.',
  },
  invariance: {
    title: 'Does it ignore what must not matter?',
    asks: 'If something is changed that must not matter, does the answer stay?',
    means: 'Each example is changed in this one respect, and asked again. Every other answer is a violation.',
    otherwise: 'Look at the examples whose answer moved: the model has learnt to use what it should not.',
  },
  direction: {
    title: 'Does it move the right way?',
    asks: 'If something is changed that must push the answer one way, does it?',
    means:
      'Each example is changed in this one respect, and asked again. An answer that moves the other way is a violation.',
    otherwise: 'Look at the examples that moved the wrong way: the model has learnt a rule that does not hold.',
  },
  robustness: {
    title: 'Does it bear noise?',
    asks: 'Does the model lose more than the served one when its inputs get worse?',
    means:
      'The examples are spoilt step by step: noise, missing values, shifted pictures. The lines show how accuracy falls, and how wide the uncertainty is. What counts is whether it falls faster than the served model’s.',
    otherwise: 'If real inputs are like that, do not serve it. Training with such inputs helps.',
  },
  reuse: {
    title: 'Is the test set still fresh?',
    asks: 'How often has this test set been used to judge?',
    means:
      'Every verdict tells a little about the test set. After hundreds, what passes may have been chosen by luck. So looks are counted, and the set is retired in time.',
    otherwise: 'Prepare another test set, and give it to the task.',
  },
}

/** What is said of a check that this page does not know: its name, and that its own words have to do. */
export const explanationOf = (check: string): Explanation =>
  explanations[check] ?? {
    title: check.charAt(0).toUpperCase() + check.slice(1).replaceAll('-', ' '),
    asks: 'This check has no description here: read its sentences below.',
    means: 'The verdict, the sentence and the figures are the check’s own.',
    otherwise: 'See the documentation of the gate.',
  }

/** Words of the report, in the order in which a reader meets them. */
export const glossary: readonly (readonly [string, string])[] = [
  ['Champion', 'The model that is served now. A candidate that passes takes its place.'],
  ['Anchor', 'An earlier champion that is kept as a yardstick, so that many small losses cannot add up unseen.'],
  ['Accuracy', 'Of 100 examples, how many are answered right.'],
  [
    'Log loss',
    'How far the model’s percentages are from the truth; lower is better, 0 is perfect. Unlike accuracy it sees how sure a wrong answer was.',
  ],
  [
    'Range',
    'The true value cannot be known from a limited number of examples. The range says between which values it lies; more examples make it narrower.',
  ],
  ['Margin', 'How much worse a model may be and still pass. It is set in the task, before anything is measured.'],
  ['Points', 'Differences of percentages: from 90 % to 92 % is 2 points.'],
  [
    'p',
    'How likely a result like this would be by luck alone. Small values speak against luck. Where many things are tested, “corrected” values allow for that.',
  ],
  ['Evaluation set', 'Examples that show progress. They never decide.'],
  ['Gate set', 'Other examples. They decide, and no model is trained on them.'],
]
