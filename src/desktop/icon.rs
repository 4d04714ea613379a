//! The icon, drawn: a disc whose colour and sign tell how things are, with a rim for light and dark panels.

use super::face::Look;

/// The width and height of the icon in pixels.
pub const SIZE: u32 = 64;

/// Red, green, blue.
type Colour = [u8; 3];

/// A place on the icon, whose corners are at 1 and -1; y goes down.
type Point = (f32, f32);

const WHITE: Colour = [255, 255, 255];

/// Half the width of a stroke.
const PEN: f32 = 0.14;

/// The radius of a ring.
const RING: f32 = 0.5;

/// The icon as red, green, blue and opacity of each pixel, row after row.
pub fn rgba(look: Look) -> Vec<u8> {
    let (disc, sign): (Colour, fn(Point) -> f32) = match look {
        Look::Idle => ([37, 99, 235], tick),
        Look::Running => ([8, 145, 178], chase),
        Look::Warning => ([217, 119, 6], exclamation),
        Look::Error => ([220, 38, 38], cross),
        Look::Held => ([147, 51, 234], question),
        Look::Paused => ([75, 85, 99], bars),
        Look::Offline => ([75, 85, 99], slash),
    };
    let mut pixels = vec![0; (SIZE * SIZE * 4) as usize];
    paint(&mut pixels, WHITE, |at| circle(at, (0.0, 0.0), 0.98));
    paint(&mut pixels, disc, |at| circle(at, (0.0, 0.0), 0.88));
    paint(&mut pixels, WHITE, sign);
    pixels
}

/// Paints what lies at a negative distance, with a soft edge of one pixel.
fn paint(pixels: &mut [u8], colour: Colour, distance: impl Fn(Point) -> f32) {
    let half = SIZE as f32 / 2.0;
    for (number, pixel) in pixels.chunks_exact_mut(4).enumerate() {
        let (column, row) = (number as u32 % SIZE, number as u32 / SIZE);
        let at = ((column as f32 + 0.5) / half - 1.0, (row as f32 + 0.5) / half - 1.0);
        let cover = (0.5 - distance(at) * half).clamp(0.0, 1.0);
        let below = f32::from(pixel[3]) / 255.0;
        let opacity = cover + below * (1.0 - cover);
        if opacity > 0.0 {
            for (channel, new) in pixel.iter_mut().zip(colour) {
                let mixed = f32::from(new) * cover + f32::from(*channel) * below * (1.0 - cover);
                *channel = (mixed / opacity).round() as u8;
            }
            pixel[3] = (opacity * 255.0).round() as u8;
        }
    }
}

fn circle((x, y): Point, (cx, cy): Point, radius: f32) -> f32 {
    (x - cx).hypot(y - cy) - radius
}

/// A stroke with round ends from one point to another.
fn stroke((x, y): Point, (ax, ay): Point, (bx, by): Point) -> f32 {
    let (dx, dy) = (bx - ax, by - ay);
    let along = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    circle((x, y), (ax + along * dx, ay + along * dy), PEN)
}

/// The corners go round against the clock.
fn triangle(at: Point, corners: [Point; 3]) -> f32 {
    let edge = |(ax, ay): Point, (bx, by): Point| {
        let (dx, dy) = (bx - ax, by - ay);
        ((at.1 - ay) * dx - (at.0 - ax) * dy) / dx.hypot(dy)
    };
    let [a, b, c] = corners;
    edge(a, b).max(edge(b, c)).max(edge(c, a))
}

fn tick(at: Point) -> f32 {
    let knee = (-0.12, 0.34);
    stroke(at, (-0.44, 0.02), knee).min(stroke(at, knee, (0.44, -0.34)))
}

/// Two arrows that chase each other round.
fn chase((x, y): Point) -> f32 {
    let arrow = |at: Point| {
        // Upper part of a ring, from its left end to the head at its right one.
        let ring = (circle(at, (0.0, 0.0), RING).abs() - PEN * 0.85).max(at.1 + 0.12);
        ring.min(triangle(at, [(0.16, -0.1), (0.6, 0.12), (0.66, -0.42)]))
    };
    arrow((x, y)).min(arrow((-x, -y)))
}

fn exclamation(at: Point) -> f32 {
    stroke(at, (0.0, -0.5), (0.0, 0.08)).min(circle(at, (0.0, 0.48), PEN * 1.15))
}

fn cross(at: Point) -> f32 {
    stroke(at, (-0.36, -0.36), (0.36, 0.36)).min(stroke(at, (0.36, -0.36), (-0.36, 0.36)))
}

fn question(at: Point) -> f32 {
    let centre = (0.0, -0.26);
    let ring = circle(at, centre, 0.27).abs() - PEN;
    // Three quarters of a ring, without the one below to the left.
    let hook = if at.0 < centre.0 && at.1 > centre.1 { f32::MAX } else { ring };
    let start = circle(at, (-0.27, -0.26), PEN);
    hook.min(start).min(stroke(at, (0.0, 0.01), (0.0, 0.12))).min(circle(at, (0.0, 0.52), PEN * 1.1))
}

fn bars(at: Point) -> f32 {
    stroke(at, (-0.24, -0.36), (-0.24, 0.36)).min(stroke(at, (0.24, -0.36), (0.24, 0.36)))
}

/// The sign of what is cut off.
fn slash(at: Point) -> f32 {
    (circle(at, (0.0, 0.0), RING).abs() - PEN).min(stroke(at, (-0.34, 0.34), (0.34, -0.34)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOKS: [Look; 7] =
        [Look::Idle, Look::Running, Look::Warning, Look::Error, Look::Held, Look::Paused, Look::Offline];

    #[test]
    fn every_look_is_another_picture() {
        let pictures = LOOKS.map(rgba);
        for (number, picture) in pictures.iter().enumerate() {
            assert!(pictures[..number].iter().all(|other| other != picture), "{:?}", LOOKS[number]);
        }
    }

    #[test]
    fn it_is_round_with_a_white_rim_on_nothing() {
        for look in LOOKS {
            let picture = rgba(look);
            let pixel = |x: u32, y: u32| {
                let at = 4 * (y * SIZE + x) as usize;
                <[u8; 4]>::try_from(&picture[at..at + 4]).unwrap()
            };
            assert_eq!(pixel(0, 0)[3], 0, "{look:?}");
            assert_eq!(pixel(2, SIZE / 2), [255; 4], "{look:?}");
            assert_eq!(pixel(SIZE / 2, 6)[3], 255, "{look:?}");
            let drawn = picture.chunks(4).filter(|pixel| *pixel == [255; 4]).count();
            assert!((300..2000).contains(&drawn), "{look:?}: {drawn}");
        }
    }
}
