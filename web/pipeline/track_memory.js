// What the smoothers remember of the tracks of one stream. Mirrors fer/vision/track_memory.py.

/** Returns the observations, by track, that are at most so many seconds old at a time. */
export const recent = (observations, time, maxAge) => new Map([...observations].filter(([, observation]) => time - observation.time <= maxAge));
