/** Colours that mean something: green in step, yellow look here, red failed, dim detail. Off under NO_COLOR and in pipes. */
import picocolors from 'picocolors';

export interface Paint {
  readonly good: (text: string) => string;
  readonly look: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly strong: (text: string) => string;
}

export const paintFor = (terminal: { readonly colour: boolean }): Paint => {
  const colours = picocolors.createColors(terminal.colour);
  return { good: colours.green, look: colours.yellow, bad: colours.red, dim: colours.dim, strong: colours.bold };
};

/** The colour of a plan's sign. */
export const paintSign = (paint: Paint, sign: string): string => {
  switch (sign) {
    case '+':
      return paint.good(sign);
    case '~':
    case '!':
    case '?':
      return paint.look(sign);
    case '-':
      return paint.bad(sign);
    default:
      return paint.dim(sign);
  }
};
