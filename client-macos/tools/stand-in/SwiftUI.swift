// Lets `swiftc -typecheck` find wrong names, types and isolation of OUR code on Linux. It says nothing about SwiftUI.
// Only what the app uses, written from Apple's documentation; nothing here ever runs.

@_exported import Foundation
@_exported import Observation

public typealias CGFloat = Double

// MARK: - App, scenes and commands

@MainActor public protocol App {
    associatedtype Body: Scene
    @SceneBuilder var body: Body { get }
    init()
}
extension App { public static func main() { fatalError() } }

@MainActor public protocol Scene {
    associatedtype Body: Scene
    @SceneBuilder var body: Body { get }
}
extension Never: Scene {}
public protocol PrimitiveScene: Scene where Body == Never {}
extension PrimitiveScene { public var body: Never { return fatalError() } }
public struct SceneGroup: PrimitiveScene {}
@resultBuilder public enum SceneBuilder {
    public static func buildBlock<each Content: Scene>(_ content: repeat each Content) -> SceneGroup { fatalError() }
}
extension Scene {
    public func defaultSize(width: CGFloat, height: CGFloat) -> some Scene { SceneGroup() }
    public func commands<Content: Commands>(@CommandsBuilder content: () -> Content) -> some Scene { SceneGroup() }
    public func keyboardShortcut(_ key: KeyEquivalent, modifiers: EventModifiers = .command) -> some Scene {
        SceneGroup()
    }
}
public struct Window<Content: View>: PrimitiveScene {
    public init(_ title: LocalizedStringKey, id: String, @ViewBuilder content: () -> Content) {}
}
public struct MenuBarExtra<Label: View, Content: View>: PrimitiveScene {
    public init(@ViewBuilder content: () -> Content, @ViewBuilder label: () -> Label) {}
}

@MainActor public protocol Commands {
    associatedtype Body: Commands
    @CommandsBuilder var body: Body { get }
}
extension Never: Commands {}
@resultBuilder public enum CommandsBuilder {
    public static func buildBlock<Content: Commands>(_ content: Content) -> Content { content }
}
public struct CommandMenu<Content: View>: Commands {
    public init(_ name: LocalizedStringKey, @ViewBuilder content: () -> Content) {}
    public var body: Never { return fatalError() }
}

// MARK: - Views

@MainActor @preconcurrency public protocol View {
    associatedtype Body: View
    @ViewBuilder var body: Body { get }
}
extension Never: View { public var body: Never { return fatalError() } }
public protocol PrimitiveView: View where Body == Never {}
extension PrimitiveView { public var body: Never { return fatalError() } }
public struct SomeView: PrimitiveView {}
extension Optional: View where Wrapped: View { public var body: Never { return fatalError() } }
@resultBuilder public enum ViewBuilder {
    public static func buildBlock<each Content: View>(_ content: repeat each Content) -> SomeView { fatalError() }
    public static func buildIf<Content: View>(_ content: Content?) -> Content? { content }
    public static func buildEither<Content: View>(first: Content) -> SomeView { fatalError() }
    public static func buildEither<Content: View>(second: Content) -> SomeView { fatalError() }
}

public struct Text: PrimitiveView {
    public enum DateStyle: Sendable { case time }
    public init(verbatim: String) {}
    public init(_ key: LocalizedStringKey) {}
    @_disfavoredOverload public init<Content: StringProtocol>(_ content: Content) {}
    @_disfavoredOverload public init(_ text: AttributedString) {}
    public init(_ date: Date, style: DateStyle) {}
    public func italic() -> Text { self }
}
public struct LocalizedStringKey: ExpressibleByStringInterpolation { public init(stringLiteral: String) {} }
public struct Image: PrimitiveView { public init(systemName: String) {} }
public struct Spacer: PrimitiveView { public init(minLength: CGFloat? = nil) {} }
public struct Divider: PrimitiveView { public init() {} }
public struct ProgressView: PrimitiveView { public init() {} }
public struct Label<Title: View, Icon: View>: PrimitiveView {}
extension Label where Title == Text, Icon == Image {
    public init(_ key: LocalizedStringKey, systemImage: String) {}
    @_disfavoredOverload public init<Content: StringProtocol>(_ title: Content, systemImage: String) {}
}
public struct Button<Label: View>: PrimitiveView {
    public init(action: @escaping @MainActor () -> Void, @ViewBuilder label: () -> Label) {}
}
extension Button where Label == Text {
    public init(_ key: LocalizedStringKey, action: @escaping @MainActor () -> Void) {}
    @_disfavoredOverload
    public init<Content: StringProtocol>(_ title: Content, action: @escaping @MainActor () -> Void) {}
}
extension Button where Label == SwiftUI.Label<Text, Image> {
    public init(_ key: LocalizedStringKey, systemImage: String, action: @escaping @MainActor () -> Void) {}
}
public struct TextField<Label: View>: PrimitiveView {}
extension TextField where Label == Text {
    public init(_ key: LocalizedStringKey, text: Binding<String>, axis: Axis) {}
}
public struct VStack<Content: View>: PrimitiveView {
    public init(
        alignment: HorizontalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> Content
    ) {}
}
public struct LazyVStack<Content: View>: PrimitiveView {
    public init(
        alignment: HorizontalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> Content
    ) {}
}
public struct HStack<Content: View>: PrimitiveView {
    public init(alignment: VerticalAlignment = .center, spacing: CGFloat? = nil, @ViewBuilder content: () -> Content) {}
}
public struct Grid<Content: View>: PrimitiveView {
    public init(
        alignment: Alignment = .center, horizontalSpacing: CGFloat? = nil, verticalSpacing: CGFloat? = nil,
        @ViewBuilder content: () -> Content
    ) {}
}
public struct GridRow<Content: View>: PrimitiveView {
    public init(@ViewBuilder content: () -> Content) {}
}
public struct ScrollView<Content: View>: PrimitiveView {
    public init(_ axes: Axis.Set = .vertical, @ViewBuilder content: () -> Content) {}
}
public struct ForEach<Data: RandomAccessCollection, ID: Hashable, Content: View>: PrimitiveView {
    public init(_ data: Data, id: KeyPath<Data.Element, ID>, @ViewBuilder content: @escaping (Data.Element) -> Content)
    {}
}
extension ForEach where Data.Element: Identifiable, ID == Data.Element.ID {
    public init(_ data: Data, @ViewBuilder content: @escaping (Data.Element) -> Content) {}
}
public struct List<Content: View>: PrimitiveView {
    public init<Data: RandomAccessCollection, Row: View>(
        _ data: Data, @ViewBuilder rowContent: @escaping (Data.Element) -> Row
    ) where Content == ForEach<Data, Data.Element.ID, Row>, Data.Element: Identifiable {}
}
public struct DisclosureGroup<Label: View, Content: View>: PrimitiveView {
    public init(@ViewBuilder content: @escaping () -> Content, @ViewBuilder label: () -> Label) {}
}
public struct ContentUnavailableView<Label: View, Description: View, Actions: View>: PrimitiveView {}
public struct EmptyView: PrimitiveView { public init() {} }
extension ContentUnavailableView where Actions == EmptyView {
    public init(@ViewBuilder label: () -> Label, @ViewBuilder description: () -> Description) {}
}
extension ContentUnavailableView where Label == SwiftUI.Label<Text, Image>, Description == Text?, Actions == EmptyView {
    public init(_ title: LocalizedStringKey, systemImage: String, description: Text? = nil) {}
}
public struct TimelineView<Schedule: TimelineSchedule, Content: View>: PrimitiveView {
    public struct Context { public let date: Date }
    public init(_ schedule: Schedule, @ViewBuilder content: @escaping (Context) -> Content) {}
}
public protocol TimelineSchedule {}
public struct PeriodicTimelineSchedule: TimelineSchedule {}
extension TimelineSchedule where Self == PeriodicTimelineSchedule {
    public static func periodic(from: Date, by: TimeInterval) -> PeriodicTimelineSchedule { fatalError() }
}
public struct RoundedRectangle: Shape { public init(cornerRadius: CGFloat) {} }
public struct Rectangle: Shape { public init() {} }
public protocol Shape: PrimitiveView, Sendable {}
extension Shape { public func fill<Style: ShapeStyle>(_ style: Style) -> some View { SomeView() } }

// MARK: - Modifiers

extension View {
    public func frame(
        width: CGFloat? = nil, height: CGFloat? = nil, alignment: Alignment = .center
    ) -> some View { SomeView() }
    public func frame(
        minWidth: CGFloat? = nil, idealWidth: CGFloat? = nil, maxWidth: CGFloat? = nil, minHeight: CGFloat? = nil,
        idealHeight: CGFloat? = nil, maxHeight: CGFloat? = nil, alignment: Alignment = .center
    ) -> some View { SomeView() }
    public func padding(_ edges: Edge.Set = .all, _ length: CGFloat? = nil) -> some View { SomeView() }
    public func padding(_ length: CGFloat) -> some View { SomeView() }
    public func font(_ font: Font?) -> some View { SomeView() }
    public func monospaced() -> some View { SomeView() }
    public func monospacedDigit() -> some View { SomeView() }
    public func foregroundStyle<Style: ShapeStyle>(_ style: Style) -> some View { SomeView() }
    public func background<Style: ShapeStyle>(_ style: Style) -> some View { SomeView() }
    public func background<Style: ShapeStyle, Area: Shape>(_ style: Style, in shape: Area) -> some View { SomeView() }
    public func overlay<Content: View>(
        alignment: Alignment = .center, @ViewBuilder content: () -> Content
    ) -> some View { SomeView() }
    public func sheet<Item: Identifiable, Content: View>(
        item: Binding<Item?>, onDismiss: (() -> Void)? = nil, @ViewBuilder content: @escaping (Item) -> Content
    ) -> some View { SomeView() }
    public func interactiveDismissDisabled(_ isDisabled: Bool = true) -> some View { SomeView() }
    public func onChange<Value: Equatable>(
        of value: Value, initial: Bool = false, _ action: @escaping (Value, Value) -> Void
    ) -> some View { SomeView() }
    public func onChange<Value: Equatable>(
        of value: Value, initial: Bool = false, _ action: @escaping () -> Void
    ) -> some View { SomeView() }
    public func onAppear(perform action: (() -> Void)? = nil) -> some View { SomeView() }
    public func onSubmit(_ action: @escaping () -> Void) -> some View { SomeView() }
    public func onExitCommand(perform action: (() -> Void)?) -> some View { SomeView() }
    public func disabled(_ isDisabled: Bool) -> some View { SomeView() }
    public func help(_ key: LocalizedStringKey) -> some View { SomeView() }
    public func keyboardShortcut(_ shortcut: KeyboardShortcut) -> some View { SomeView() }
    public func keyboardShortcut(_ key: KeyEquivalent, modifiers: EventModifiers = .command) -> some View { SomeView() }
    public func focused(_ condition: FocusState<Bool>.Binding) -> some View { SomeView() }
    public func lineLimit(_ limit: ClosedRange<Int>) -> some View { SomeView() }
    public func controlSize(_ size: ControlSize) -> some View { SomeView() }
    public func labelStyle(_ style: IconOnlyLabelStyle) -> some View { SomeView() }
    public func buttonStyle(_ style: BorderlessButtonStyle) -> some View { SomeView() }
    public func textFieldStyle(_ style: PlainTextFieldStyle) -> some View { SomeView() }
    public func textSelection(_ selectability: EnabledTextSelectability) -> some View { SomeView() }
    public func defaultScrollAnchor(_ anchor: UnitPoint?) -> some View { SomeView() }
    public func accessibilityLabel(_ key: LocalizedStringKey) -> some View { SomeView() }
    @_disfavoredOverload
    public func accessibilityLabel<Content: StringProtocol>(_ label: Content) -> some View { SomeView() }
    public func accessibilityHidden(_ isHidden: Bool) -> some View { SomeView() }
    public func accessibilityAddTraits(_ traits: AccessibilityTraits) -> some View { SomeView() }
    public func accessibilityElement(children: AccessibilityChildBehavior = .ignore) -> some View { SomeView() }
}

// MARK: - Values

public enum HorizontalAlignment: Sendable { case leading, center, trailing }
public enum VerticalAlignment: Sendable { case top, center, bottom, firstTextBaseline }
public enum Alignment: Sendable { case leading, center, trailing }
public enum Axis: Sendable {
    case horizontal, vertical
    public struct Set: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        public static let horizontal = Set(rawValue: 1)
        public static let vertical = Set(rawValue: 2)
    }
}
public enum Edge: Sendable {
    public struct Set: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        public static let leading = Set(rawValue: 1)
        public static let all = Set(rawValue: 15)
    }
}
public enum UnitPoint: Sendable { case top, bottom }
public enum Font: Sendable { case headline, title2, callout }
public enum ControlSize: Sendable { case small, regular }
public struct IconOnlyLabelStyle: Sendable { public static let iconOnly = IconOnlyLabelStyle() }
public struct BorderlessButtonStyle: Sendable { public static let borderless = BorderlessButtonStyle() }
public struct PlainTextFieldStyle: Sendable { public static let plain = PlainTextFieldStyle() }
public struct EnabledTextSelectability: Sendable { public static let enabled = EnabledTextSelectability() }
public enum AccessibilityTraits: Sendable { case isHeader }
public enum AccessibilityChildBehavior: Sendable { case ignore, contain, combine }
public enum KeyboardShortcut: Sendable { case defaultAction, cancelAction }
public struct KeyEquivalent: ExpressibleByExtendedGraphemeClusterLiteral, Sendable {
    public init(extendedGraphemeClusterLiteral: Character) {}
    public static let `return`: KeyEquivalent = "\r"
}
public struct EventModifiers: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    public static let command = EventModifiers(rawValue: 1)
    public static let shift = EventModifiers(rawValue: 2)
}
public protocol ShapeStyle: Sendable {}
public struct AnyStyle: ShapeStyle {
    public func opacity(_ opacity: Double) -> AnyStyle { self }
}
extension ShapeStyle where Self == AnyStyle {
    public static var secondary: AnyStyle { AnyStyle() }
    public static var quaternary: AnyStyle { AnyStyle() }
    public static var bar: AnyStyle { AnyStyle() }
    public static var tint: AnyStyle { AnyStyle() }
}

// MARK: - State

@propertyWrapper @dynamicMemberLookup @MainActor public struct Bindable<Value: AnyObject> {
    public var wrappedValue: Value
    public var projectedValue: Bindable<Value> { self }
    public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }
    public subscript<Member>(dynamicMember path: ReferenceWritableKeyPath<Value, Member>) -> Binding<Member> {
        fatalError()
    }
}
@MainActor public struct Binding<Value> {
    public init(get: @escaping @MainActor () -> Value, set: @escaping @MainActor (Value) -> Void) {}
}
@propertyWrapper @MainActor public struct FocusState<Value: Hashable> {
    public struct Binding {}
    public init() where Value == Bool {}
    public var wrappedValue: Value {
        get { fatalError() }
        nonmutating set {}
    }
    public var projectedValue: Binding { fatalError() }
}
@propertyWrapper @MainActor public struct Environment<Value> {
    public init(_ path: KeyPath<EnvironmentValues, Value>) {}
    public var wrappedValue: Value { fatalError() }
}
public struct EnvironmentValues {
    @MainActor public var openWindow: OpenWindowAction { fatalError() }
}
@MainActor public struct OpenWindowAction { public func callAsFunction(id: String) {} }
