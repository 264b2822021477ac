"""A camera that is lost while the page reads from it."""

import pytest

from tests.e2e.browser import DRAWN, start_camera

pytestmark = pytest.mark.browser

WITHDRAW = """() => {
  const { mediaDevices } = navigator;
  window.camera = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = () => Promise.reject(new DOMException("none", "NotFoundError"));
  document.querySelector("#live-stage video").srcObject.getVideoTracks()[0].stop();
}"""
GIVE_BACK = """() => {
  navigator.mediaDevices.getUserMedia = window.camera;
  navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
}"""


def test_a_lost_camera_is_reported_and_reading_goes_on_when_it_returns(page, context):
    context.grant_permissions(["camera"])
    start_camera(page)
    page.locator("#live-panel .fer-bar").first.wait_for()
    page.locator("#live-start").click()
    page.locator("#live-chart .fer-running").wait_for()

    page.evaluate(WITHDRAW)
    page.get_by_text("The camera was unplugged").wait_for()
    page.get_by_text("Paused: no picture is read").wait_for()
    assert not page.evaluate(DRAWN)
    assert not page.locator("#live-panel .fer-bar").first.is_visible()
    page.wait_for_timeout(1000)  # for frames that were on their way
    late = []
    page.on("request", lambda request: late.append(request.url))
    page.wait_for_timeout(1500)
    assert not late

    page.evaluate(GIVE_BACK)
    page.locator("#live-panel .fer-bar").first.wait_for()
    page.wait_for_function(DRAWN)
    assert not page.get_by_text("The camera was unplugged").is_visible()
    page.wait_for_function("!document.querySelector('#live-chart').hasAttribute('data-paused')")


def test_a_muted_camera_is_reported_until_it_is_switched_on(page):
    start_camera(page)
    page.locator("#live-panel .fer-bar").first.wait_for()
    page.evaluate(
        """() => {
          const [track] = document.querySelector("#live-stage video").srcObject.getVideoTracks();
          window.track = track;
          Object.defineProperty(track, "muted", { value: true, configurable: true });
          track.dispatchEvent(new Event("mute"));
        }"""
    )
    page.get_by_text("The system has switched the camera off").wait_for()
    page.evaluate("() => { delete track.muted; track.dispatchEvent(new Event('unmute')); }")
    page.wait_for_function(DRAWN)
    assert not page.get_by_text("The system has switched the camera off").is_visible()
