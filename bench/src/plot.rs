//! Draws curves as SVG, both axes logarithmic.

use std::fmt::Write;

/// A curve.
#[derive(Clone, Debug)]
pub struct Curve {
    /// What it shows.
    pub name: String,
    /// Its points, from left to right; all figures are positive.
    pub points: Vec<(f64, f64)>,
}

/// A drawing.
#[derive(Clone, Debug)]
pub struct Plot {
    /// What it is about.
    pub title: String,
    /// What goes to the right.
    pub x: String,
    /// What goes up.
    pub y: String,
    /// The curves.
    pub curves: Vec<Curve>,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 190.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;

/// Told apart also by those who see no red or no green.
const COLOURS: [&str; 7] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#666666"];

/// An axis over whole powers of ten.
struct Axis {
    low: i32,
    high: i32,
    from: f64,
    to: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min).log10().floor();
        let most = values.fold(0.0, f64::max).log10().ceil();
        #[expect(clippy::cast_possible_truncation, reason = "powers of ten are small")]
        let (low, high) = (least as i32, most as i32);
        Self { low, high: high.max(low + 1), from, to }
    }

    fn place(&self, value: f64) -> f64 {
        let share = (value.log10() - f64::from(self.low)) / f64::from(self.high - self.low);
        self.from + share * (self.to - self.from)
    }

    fn ticks(&self) -> impl Iterator<Item = (String, f64)> {
        (self.low..=self.high).map(|power| (label(power), self.place(10f64.powi(power))))
    }
}

fn label(power: i32) -> String {
    match power {
        6.. => format!("{} M", 10f64.powi(power - 6)),
        3..6 => format!("{} k", 10f64.powi(power - 3)),
        ..3 => format!("{}", 10f64.powi(power)),
    }
}

impl Plot {
    /// The drawing as SVG.
    #[must_use]
    pub fn svg(&self) -> String {
        let points = || self.curves.iter().flat_map(|curve| curve.points.iter().copied());
        let x = Axis::over(points().map(|it| it.0), LEFT, WIDTH - RIGHT);
        let y = Axis::over(points().map(|it| it.1), HEIGHT - BOTTOM, TOP);
        let mut svg = Svg::default();
        svg.text((LEFT, 24.0), "start", &self.title, "font-weight=\"bold\"");
        for (label, at) in x.ticks() {
            svg.line((at, y.from), (at, y.to));
            svg.text((at, y.from + 18.0), "middle", &label, "");
        }
        for (label, at) in y.ticks() {
            svg.line((x.from, at), (x.to, at));
            svg.text((x.from - 8.0, at + 4.0), "end", &label, "");
        }
        svg.text((f64::midpoint(x.from, x.to), HEIGHT - 10.0), "middle", &self.x, "");
        let turned = format!("transform=\"rotate(-90 16 {})\"", f64::midpoint(y.from, y.to));
        svg.text((16.0, f64::midpoint(y.from, y.to)), "middle", &self.y, &turned);
        for (nth, curve) in self.curves.iter().enumerate() {
            let colour = COLOURS[nth % COLOURS.len()];
            let places = curve.points.iter().map(|&(at, value)| (x.place(at), y.place(value)));
            svg.curve(places, colour);
            let legend = (x.to + 14.0, TOP + 12.0 + 20.0 * nth as f64);
            svg.text(legend, "start", &curve.name, &format!("fill=\"{colour}\""));
        }
        svg.finish()
    }
}

#[derive(Default)]
struct Svg(String);

impl Svg {
    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.0, "{element}");
    }

    fn text(&mut self, (x, y): (f64, f64), anchor: &str, text: &str, attributes: &str) {
        self.add(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" {attributes}>{text}</text>"
        ));
    }

    fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.add(format_args!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"#ddd\"/>"
        ));
    }

    fn curve(&mut self, points: impl Iterator<Item = (f64, f64)>, colour: &str) {
        let points: Vec<String> = points.map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        self.add(format_args!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            points.join(" ")
        ));
    }

    fn finish(self) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{}</svg>\n",
            self.0
        )
    }
}
