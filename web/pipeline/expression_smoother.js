// Smoothing by track: an exponential moving average and label hysteresis. Mirrors fer/vision/expression_smoother.py.

import { softmax } from "./classifier.js";
import { argmax } from "./math.js";
import { recent } from "./track_memory.js";

export class ExpressionSmoother {
  constructor(config) {
    const { half_life: halfLife, margin } = config.defaults.expression_smoother;
    Object.assign(this, { halfLife, margin, maxAge: config.defaults.stream.max_age, constants: config.expression_smoother });
    this.uncertainBelow = config.classifier.uncertain_below;
    this.states = new Map(); // track -> {logProbabilities, expression, yaw, turnedAway, time}
  }

  /** Replaces each face's probabilities and yaw by their average over time; adds its expression's index and `turnedAway`. */
  update(faces, time) {
    const known = recent(this.states, time, this.maxAge);
    const current = faces.map((face) => [face.track, this.smooth(known.get(face.track), face, time)]);
    this.states = new Map([...known, ...current]);
    return faces.map((face, i) => {
      const { logProbabilities, expression, yaw, turnedAway } = current[i][1];
      return { ...face, probabilities: softmax(logProbabilities), expression, turnedAway, quality: { ...face.quality, yaw } };
    });
  }

  smooth(state, { probabilities, quality: { yaw } }, time) {
    const { MIN_PROBABILITY, TURNED_AWAY_FROM, YAW_MARGIN } = this.constants;
    const logProbabilities = probabilities.map((value) => Math.log(Math.max(value, MIN_PROBABILITY)));
    if (!state) {
      return { logProbabilities, expression: argmax(logProbabilities), yaw, turnedAway: Math.abs(yaw) >= TURNED_AWAY_FROM, time };
    }
    const kept = 0.5 ** ((time - state.time) / this.halfLife);
    const average = logProbabilities.map((value, i) => kept * state.logProbabilities[i] + (1 - kept) * value);
    const meanYaw = kept * state.yaw + (1 - kept) * yaw;
    const limit = TURNED_AWAY_FROM - (state.turnedAway ? YAW_MARGIN : 0);
    const expression = this.choose(softmax(average), state.expression);
    return { logProbabilities: average, expression, yaw: meanYaw, turnedAway: Math.abs(meanYaw) >= limit, time };
  }

  /** Returns the expression that is named: another one takes over by a lead, or where this one is uncertain. */
  choose(averaged, named) {
    const best = argmax(averaged);
    const leads = averaged[best] - averaged[named] >= this.margin;
    return leads || (averaged[named] < this.uncertainBelow && this.uncertainBelow <= averaged[best]) ? best : named;
  }
}
